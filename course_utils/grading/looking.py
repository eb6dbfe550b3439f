"""Look at a student's code for what no answer needs: a flag for a person, never a verdict."""

import ast
import builtins
import re
import symtable

from course_utils.grading.mending import Exercise, Step, bare, bound

# Attributes and names that reach into the interpreter, the kernel, other processes or the checks.
REACHING = {
    *("get_ipython", "_getframe", "_current_frames", "settrace", "setprofile", "setitimer"),
    *("f_locals", "f_back", "f_globals", "f_code", "f_trace", "f_lineno", "tb_frame", "gi_frame"),
    *("cr_frame", "co_consts", "get_objects", "get_referrers", "get_referents"),
    *("__globals__", "__code__", "__closure__", "__reduce__", "__subclasses__", "__builtins__"),
    *("__class__", "__dict__", "__getattribute__", "__path__", "_implementation", "attrgetter"),
    *("meta_path", "path_hooks", "input_transformers_post", "ast_transformers", "set_custom_exc"),
    *("showtraceback", "_render_traceback_", "_exit", "execv", "execve", "fork", "forkpty"),
    *("ctypes", "importlib", "builtins", "inspect", "subprocess", "addaudithook", "monitoring"),
    *("walk_stack", "extract_stack", "StackSummary", "ag_frame", "tb_next", "methodcaller"),
    *("__setattr__", "__delattr__", "history_manager", "all_tasks", "get_stack", "print_stack"),
    *("load_inline", "load_library", "load_op_library", "shell_handlers", "get_comm_manager"),
    *("__self__", "_ip", "session", "pub_thread", "display_pub", "displayhook"),
    *("system", "popen", "gradebook", "currentframe", "Done", "Wrong", "SetUpBroken"),
}
MODULES = {
    *("IPython", "atexit", "bdb", "builtins", "code", "ctypes", "gc", "importlib", "inspect"),
    *("cffi", "comm", "ipykernel", "jupyter_client", "marshal", "pdb", "pickle", "pytest"),
    *("runpy", "signal", "socket", "sqlite3", "subprocess", "tornado", "traitlets", "types"),
    *("unittest", "zmq"),
}
BUILT_IN = {"eval", "exec", "compile", "__import__", "globals", "vars", "setattr", "delattr"}
# What checks call of a framework or a value, and no answer sets.
CALLED = {"isclose", "allclose", "asarray", "array2string", "argwhere", "isfinite", "equal"}
CALLED |= {"detach", "close", "to_numpy", "attempted"}
COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
# Words that a text may hold, too.
WORDS = {"numpy", "detach", "session", "inspect", "monitoring"}
# An object that answers every comparison, or hands another value to whoever asks for an array.
SPOOFING = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__array__", "__bool__"}
SPOOFING |= {"__instancecheck__", "__class__", "__torch_function__", "__array_ufunc__"}
SPOOFING |= {
    "__torch_dispatch__",
    "__array_interface__",
    "__array_function__",
    "__tf_tensor__",
    "detach",
    "numpy",
}
CHECKS = {"tasks", "progress", "limits", "explain", "grading", "guard", "kernels"}
# What is set on a framework by many a tutorial, and what shows a picture or a table.
SETTINGS = ("torch.backends.",)
SHOWN = {"from IPython.display import " + name for name in ("HTML", "Image", "Markdown", "display")}
# Commands of IPython that reach for nothing; all others become a call of get_ipython().
HARMLESS = re.compile(
    r"^([ \t]*)(%%?time(it)?\b|%(matplotlib|load_ext|tensorboard|config)\b.*$"
    r"|[!%]pip install[\w .=<>~-]*$)",
    re.MULTILINE,
)


def look(steps: list[Step], wanted: Exercise) -> list[str]:
    """Name what is found in the student's cells, each once; but for what the exercise has."""
    made = set(wanted.made)
    own = [s for s in steps if s.kind == "code" and bare(s.source) not in wanted.own]
    trees = [tree for step in own if (tree := _tree(step.source))]
    imported = {name for tree in trees for name in _imported(tree)}
    imports = ast.parse(wanted.imports)
    given = _imported(imports) | {*wanted.given, *dir(builtins)}
    usual = {name for node in ast.walk(imports) for name in _found(node, set())}
    found = {name for tree in trees for node in ast.walk(tree) for name in _found(node, imported)}
    found |= {f"{name} = …" for tree in trees for name in bound(tree) if name in wanted.needed}
    for read, written in map(_of_functions, trees):
        found |= {f"the check's {name}" for name in read & made}
        found |= {f"global {name}" for name in written & (made | given)}
    return sorted(found - usual - SHOWN)


def _tree(source: str) -> ast.Module | None:
    """Parse a cell as IPython would; None where it would not run."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return ast.parse(TransformerManager().transform_cell(HARMLESS.sub(r"\1", source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module) -> set[str]:
    """Return the names of what was imported, and other names that were given to it."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {one.asname or one.name.split(".")[0] for one in names}
            case ast.ImportFrom(names=names):
                found |= {one.asname or one.name for one in names}
            case ast.Assign(targets=targets, value=value) if _is_of(value, found):
                found |= {node.id for to in targets for node in ast.walk(to) if _is_name(node)}
            case (
                ast.For(target=to, iter=value)
                | ast.NamedExpr(target=to, value=value)
                | ast.withitem(optional_vars=to, context_expr=value)
            ) if to and _is_of(value, found):
                found |= {node.id for node in ast.walk(to) if _is_name(node)}
    return found


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _is_of(value: ast.expr, imported: set[str]) -> bool:
    """Tell whether a value is, or holds, something imported as it is: not what it computes."""
    if isinstance(value, ast.Attribute):
        return _root(value) in imported
    if isinstance(value, ast.List | ast.Tuple):
        return any(_is_of(one, imported) for one in value.elts)
    if isinstance(value, ast.Subscript):
        return _is_of(value.value, imported)
    return _is_name(value) and value.id in imported


def _of_functions(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return which names of the notebook a cell's functions read, and set, when they are called."""
    read: set[str] = set()
    written: set[str] = set()
    tables = [(symtable.symtable(ast.unparse(tree), "cell", "exec"), False)]
    while tables:
        table, later = tables.pop()
        # What a comprehension of the cell itself reads, it reads at once.
        now = table.get_type() != "function" or table.get_name() in COMPREHENSIONS
        later = later or not now
        tables += [(inner, later) for inner in table.get_children()]
        if later:
            outer = [one for one in table.get_symbols() if one.is_global()]
            read |= {one.get_name() for one in outer if one.is_referenced()}
            written |= {one.get_name() for one in outer if one.is_assigned()}
    return read, written


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
        case ast.Attribute(ctx=ast.Store() | ast.Del(), attr=name) if name in CALLED:
            return [f"{ast.unparse(node)} = …"]
        case ast.FunctionDef(name=name) if name == "__getattr__":
            return [name]
        case ast.Attribute(value=ast.Name(id="course_utils"), attr=name) if name in CHECKS:
            return [f"course_utils.{name}"]
        case ast.Attribute(value=ast.Name(id="sys") | ast.Attribute(attr="sys"), attr="modules"):
            return ["sys.modules"]
        case ast.Attribute(attr=name) if name in REACHING:
            return [f".{name}"]
        case ast.Name(id=name) if name in REACHING:
            return [name]
        case ast.Constant(value=str(text)) if text in (REACHING | SPOOFING) - WORDS:
            return [repr(text)]
        case ast.Constant(value=str(text)) if "_" in text:
            return [f"'… {n} …'" for n in re.findall(r"\w+", text) if "_" in n and n in REACHING]
        case ast.MatchClass(kwd_attrs=names):
            return [f".{name}" for name in names if name in REACHING]
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]):
            return [] if isinstance(name, ast.Constant) else ["getattr()"]
        case ast.Call(args=args) if any(_is_name(one) and one.id == "getattr" for one in args):
            return ["getattr()"]
        case ast.Assign(value=ast.Name(id="getattr")):
            return ["getattr()"]
        case ast.Name(id=name, ctx=ast.Load()) if name in BUILT_IN:
            return [f"{name}()"]
    return []


def _is_outside(name: str) -> bool:
    first, *rest = name.split(".")
    return first in MODULES or (first == "course_utils" and not CHECKS.isdisjoint(rest))


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
