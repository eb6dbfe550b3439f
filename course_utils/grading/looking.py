"""Look at a student's code for what no answer needs: a flag for a person, never a verdict."""

import ast
import re
from collections.abc import Iterator

from course_utils.grading.mending import Step

# Attributes and names that reach into the interpreter, the kernel, other processes or the checks.
REACHING = {
    *("get_ipython", "_getframe", "_current_frames", "settrace", "setprofile", "setitimer"),
    *("f_locals", "f_back", "f_globals", "f_code", "f_trace", "f_lineno", "tb_frame", "gi_frame"),
    *("cr_frame", "co_consts", "get_objects", "get_referrers", "get_referents"),
    *("__globals__", "__code__", "__closure__", "__reduce__", "__subclasses__", "__builtins__"),
    *("__class__", "__dict__", "__getattribute__", "__path__", "_implementation", "attrgetter"),
    *("meta_path", "path_hooks", "input_transformers_post", "ast_transformers", "set_custom_exc"),
    *("showtraceback", "_render_traceback_", "_exit", "execv", "execve", "fork", "forkpty"),
    *("ctypes", "importlib", "builtins", "subprocess"),
    *("system", "popen", "gradebook", "currentframe", "Done", "Wrong", "SetUpBroken"),
}
MODULES = {
    *("IPython", "atexit", "bdb", "builtins", "code", "ctypes", "gc", "importlib", "inspect"),
    *("ipykernel", "jupyter_client", "marshal", "pdb", "pickle", "runpy", "signal", "socket"),
    *("sqlite3", "subprocess", "types", "unittest", "zmq"),
}
BUILT_IN = {"eval", "exec", "compile", "__import__", "globals", "vars", "setattr", "delattr"}
# An object that answers every comparison, or hands another value to whoever asks for an array.
SPOOFING = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__array__", "__bool__"}
SPOOFING |= {"__instancecheck__", "__class__", "__torch_function__", "__array_ufunc__"}
SPOOFING |= {"__array_function__", "__tf_tensor__", "detach", "numpy"}
CHECKS = {"tasks", "progress", "limits", "explain", "grading", "guard", "kernels"}
# What is set on a framework by many a tutorial, and what shows a picture or a table.
SETTINGS = ("torch.backends.",)
SHOWN = {"from IPython.display import " + name for name in ("HTML", "Image", "Markdown", "display")}
# Commands of IPython that reach for nothing; all others become a call of get_ipython().
HARMLESS = re.compile(r"^(\s*)%%?(time\b|matplotlib.*$)", re.MULTILINE)


def look(steps: list[Step], given: str) -> list[str]:
    """Name what is found in the student's cells, each once; but for what `given` code has."""
    trees = [tree for step in steps if step.kind == "code" and (tree := _tree(step.source))]
    imported = {name for tree in trees for name in _imported(tree)}
    usual = {name for node in ast.walk(ast.parse(given)) for name in _found(node, set())}
    found = (name for tree in trees for node in ast.walk(tree) for name in _found(node, imported))
    return sorted(set(found) - usual - SHOWN)


def _tree(source: str) -> ast.Module | None:
    """Parse a cell as IPython would; None where it would not run."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return ast.parse(TransformerManager().transform_cell(HARMLESS.sub(r"\1", source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.asname or one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names)


def _found(node: ast.AST, imported: set[str]) -> list[str]:
    match node:
        case ast.Import(names=names):
            renamed = [f"import sys as {a.asname}" for a in names if a.name == "sys" and a.asname]
            return renamed + [f"import {a.name}" for a in names if _is_outside(a.name)]
        case ast.ImportFrom(module=module, names=names):
            said = [(a.name, f"from {module} import {a.name}") for a in names]
            reaching = {name for name, _ in said} & (REACHING | {"modules"})
            return [text for n, text in said if n in reaching or _is_outside(f"{module}.{n}")]
        case ast.ClassDef(body=body):
            defined = {one.name for one in body if isinstance(one, ast.FunctionDef)}
            return [f"{node.name}.{name}" for name in sorted(defined & SPOOFING)]
        case ast.Attribute(ctx=ast.Store() | ast.Del()) if _root(node) in imported:
            text = ast.unparse(node)
            return [] if text.startswith(SETTINGS) else [f"{text} = …"]
        case ast.Attribute(value=ast.Name(id="sys") | ast.Attribute(attr="sys"), attr="modules"):
            return ["sys.modules"]
        case ast.Attribute(attr=name) if name in REACHING:
            return [f".{name}"]
        case ast.Name(id=name) if name in REACHING:
            return [name]
        case ast.Constant(value=str(text)) if text in REACHING | SPOOFING - {"numpy", "detach"}:
            return [repr(text)]
        case ast.MatchClass(kwd_attrs=names):
            return [f".{name}" for name in names if name in REACHING]
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]):
            return [] if isinstance(name, ast.Constant) else ["getattr()"]
        case ast.Call(func=ast.Name(id=name)) if name in BUILT_IN:
            return [f"{name}()"]
    return []


def _is_outside(name: str) -> bool:
    first, *rest = name.split(".")
    return first in MODULES or (first == "course_utils" and not CHECKS.isdisjoint(rest))


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
