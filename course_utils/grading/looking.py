"""Look at a student's code for what no answer needs: a flag for a person, never a verdict."""

import ast

from course_utils.grading.mending import Step
from course_utils.notebooks import tree_of

# Attributes and names that reach into the interpreter, the kernel, other processes or the checks.
REACHING = {
    *("get_ipython", "_getframe", "f_locals", "f_back", "f_globals", "settrace", "setprofile"),
    *("get_objects", "get_referrers", "__globals__", "__code__", "__closure__", "__reduce__"),
    *("__builtins__", "meta_path", "path_hooks", "input_transformers_post", "set_custom_exc"),
    *("showtraceback", "_render_traceback_", "_exit", "execv", "execve", "fork", "system"),
    *("popen", "gradebook", "currentframe", "Done", "Wrong", "SetUpBroken"),
}
MODULES = {"ctypes", "gc", "inspect", "socket", "subprocess", "sqlite3", "IPython", "signal"}
BUILT_IN = {"eval", "exec", "compile", "__import__", "globals"}
# An object that answers every comparison, or hands another value to whoever asks for an array.
SPOOFING = {"__eq__", "__array__", "__bool__", "__instancecheck__", "__class__", "detach", "numpy"}
CHECKS = {"tasks", "lesson", "progress", "limits", "explain", "guard"}


def look(steps: list[Step]) -> list[str]:
    """Name what is found in the student's cells, each once."""
    found: set[str] = set()
    for step in steps:
        if step.kind == "code" and (tree := tree_of(step.source)):
            for node in ast.walk(tree):
                found.update(_found(node))
    return sorted(found)


def _found(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [f"import {a.name}" for a in names if a.name.split(".")[0] in MODULES]
        case ast.ImportFrom(module=module, names=names):
            outside = (module or "").split(".")[0] in MODULES
            said = [f"from {module} import {a.name}" for a in names]
            return said if outside or {a.name for a in names} & CHECKS - {"lesson"} else []
        case ast.ClassDef(body=body):
            defined = {one.name for one in body if isinstance(one, ast.FunctionDef)}
            return [f"{node.name}.{name}" for name in sorted(defined & SPOOFING)]
        case ast.Attribute(value=ast.Name(id=base), ctx=ast.Store()) if base in CHECKS:
            return [f"{base}.{node.attr} = …"]
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return ["sys.modules"]
        case ast.Attribute(attr=name) if name in REACHING:
            return [f".{name}"]
        case ast.Name(id=name) if name in REACHING:
            return [name]
        case ast.Call(func=ast.Name(id=name)) if name in BUILT_IN:
            return [f"{name}()"]
    return []
