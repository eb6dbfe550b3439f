"""Variants of an answer, made by rule on its syntax tree: the slips that a check must refuse."""

import ast
import builtins
from collections.abc import Iterator
from typing import Any

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult, ast.FloorDiv],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}

"""Names that are taken for each other, as calls, attributes and words in quotes."""
PAIRS = """
    mean sum, reduce_mean reduce_sum, mean median, argmax argmin, max min, reduce_max reduce_min,
    maximum minimum, amax amin, any all, reduce_any reduce_all, argsort sort, floor ceil,
    std var, reduce_std reduce_variance, zeros ones, zeros_like ones_like, train eval, log exp,
    sin cos, sigmoid tanh, relu tanh, Sigmoid Tanh, ReLU Tanh, softmax log_softmax,
    rows columns, vstack hstack, append extend, add update, keys values, first last, same valid,
    float32 float64, int32 int64, int float, float64 int64, FloatTensor LongTensor, float double,
    weight bias, kernel bias, data_train data_test, target_train target_test, shape size,
    trainable_variables variables, parameters buffers, Adam SGD, normal uniform,
    precision recall, left right, batch shuffle, union intersection, startswith endswith
"""
NEIGHBOURS: dict[str, list[str]] = {}
for one, other in (pair.split() for pair in PAIRS.split(",")):
    NEIGHBOURS.setdefault(one, []).append(other)
    NEIGHBOURS.setdefault(other, []).append(one)
NEIGHBOURS |= {"sorted": ["list"], "reversed": ["list"], "stack": ["concat"], "bool": ["int"]}

IDEMPOTENT = {
    *("zero_grad", "eval", "train", "clear", "flush", "close", "compile"),
    *(
        "set_weights",
        "load_state_dict",
        "load_weights",
        "assert_consumed",
        "save",
        "eye_",
        "zeros_",
    ),
    *("enable_check_numerics", "disable_check_numerics", "set_soft_device_placement"),
    *("recompile", "erase_node", "replace_all_uses_with"),
}

"""Calling these twice is no mistake."""

SYMMETRIC = {"max", "min", "maximum", "minimum", "isclose", "allclose"}
"""Of two arguments these say the same in either order."""

SHAPED = {"T", "mT", "H"}

MODULES = {"torch", "nn", "tf", "keras", "np", "plt", "datasets", "figures", "math", "time", "os"}


def variants(source: str) -> dict[str, str]:
    """Return the variants of an answer cell: each one's source, and its difference in a line."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    lines = _region(source)
    found: dict[str, str] = {}
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    worded = {id(part) for node in raised for part in ast.walk(node)}
    # The words of an error are the learner's own.
    for parent in [node for node in ast.walk(tree) if id(node) not in worded]:
        for field, new in _changes(parent, lines):
            old = getattr(parent, field)
            setattr(parent, field, new)
            text = ast.unparse(tree)
            setattr(parent, field, old)
            if text != original:
                found.setdefault(text, difference(original, text))
    return found


def difference(old: str, new: str) -> str:
    """Say in one line what is there instead of what: `a = b + 1` → `a = b - 1`."""
    before, after = ([line.strip() for line in text.splitlines()] for text in (old, new))
    for end in (0, -1):
        while before and after and before[end] == after[end]:
            del before[end], after[end]
    return " → ".join(f"`{'; '.join(side)}`" if side else "nothing" for side in (before, after))


def _region(source: str) -> set[int]:
    """Return the numbers of the lines that the learner writes; of all lines without markers."""
    lines, inside, found = source.splitlines(), False, set()
    for number, line in enumerate(lines, 1):
        inside = (inside or line.strip() == BEGIN) and line.strip() != END
        if inside:
            found.add(number)
    return found or set(range(1, len(lines) + 1))


def _changes(parent: ast.AST, lines: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the names of a node's fields with what could stand there instead."""
    for field, value in ast.iter_fields(parent):
        if isinstance(value, list):
            for n, child in enumerate(value):
                before, after = value[:n], value[n + 1 :]
                if isinstance(child, ast.stmt) and child.lineno in lines:
                    for new in _statements(child):
                        yield field, [*before, *new, *after] or [ast.Pass()]
                elif isinstance(child, ast.expr) and child.lineno in lines:
                    for new in _expressions(child):
                        yield field, [*before, new, *after]
                    if field in ("ifs", "decorator_list"):
                        yield field, [*before, *after]
        elif isinstance(value, ast.expr) and value.lineno in lines:
            for new in _expressions(value):
                yield field, new
            if field == "iter":
                text = ast.unparse(value)
                yield field, _parsed(f"list({text})[1:]")
                yield field, _parsed(f"list({text})[:-1]")
    if isinstance(parent, ast.FunctionDef) and lines & set(range(parent.lineno, parent.end_lineno)):
        yield from _functions(parent)


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield from (ast.Constant(new) for new in (value + 1, value - 1, value * 2, value * 0))
        case ast.Constant(str(value)):
            yield from (ast.Constant(new) for new in NEIGHBOURS.get(value, [value + "x"]))
        case ast.Name(name, ast.Load()):
            yield from (ast.Name(new) for new in NEIGHBOURS.get(name, []) if hasattr(builtins, new))
        case ast.Attribute(value, name, ast.Load()):
            yield from (ast.Attribute(value, new) for new in NEIGHBOURS.get(name, []))
            if name in SHAPED:
                yield value
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, new(), right) for new in OPERATORS.get(type(op), []))
            yield from (left, right)
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OPERATORS[type(op)][0](), values)
            yield from (ast.BoolOp(op, rest) for rest in _shorter(values))
        case ast.Compare(left, ops, right):
            for n, op in enumerate(ops):
                for new in OPERATORS[type(op)]:
                    yield ast.Compare(left, [*ops[:n], new(), *ops[n + 1 :]], right)
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.Subscript(value, _, ast.Load()):
            yield value
        case ast.Slice(lower, upper, step):
            yield from [ast.Slice(None, upper, step)] if lower else []
            yield from [ast.Slice(lower, None, step)] if upper else []
            yield from [ast.Slice(lower, upper, None)] if step else []
        case ast.Tuple(values, ast.Load()) | ast.List(values, ast.Load()) if len(values) > 1:
            yield from (type(node)(new, ast.Load()) for new in _shorter(values))
            yield from (type(node)(new, ast.Load()) for new in _swapped(values))
        case ast.Dict(keys, values) if len(keys) > 1:
            yield from map(ast.Dict, _shorter(keys), _shorter(values))
        case ast.Call(function, arguments, keywords):
            if len(arguments) > 1:
                yield from (ast.Call(function, new, keywords) for new in _shorter(arguments))
                if ast.unparse(function).rpartition(".")[2] not in SYMMETRIC:
                    yield from (ast.Call(function, new, keywords) for new in _swapped(arguments))
            yield from (ast.Call(function, arguments, new) for new in _shorter(keywords))
            if len(arguments) == 1 and not isinstance(arguments[0], ast.Starred):
                yield arguments[0]
            if isinstance(function, ast.Attribute) and _root(function) not in MODULES:
                yield function.value


def _statements(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    match node:
        case ast.Expr(ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom():
            return
        case ast.Expr(ast.Call(ast.Attribute(_, name))) if name not in IDEMPOTENT:
            yield from ([], [node, node])
        case ast.Assign([ast.Name(name)], value):
            # Without its only assignment a name is undefined, which says nothing about the check.
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(value)):
                yield []
        case ast.AugAssign(target, op, value):
            yield from ([ast.AugAssign(target, new(), value)] for new in OPERATORS[type(op)])
            yield from ([], [ast.Assign([target], value, lineno=node.lineno)])
        case ast.If(_, body, orelse):
            yield from (body, orelse)
        case ast.With(_, body) | ast.Try(body):
            yield body
        case ast.Break():
            yield from ([], [ast.Continue()])
        case ast.Continue():
            yield from ([], [ast.Break()])
        case ast.FunctionDef() | ast.ClassDef():
            return
        case _:
            yield []


def _functions(node: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """Yield a function that ignores a parameter, changes it, or cuts gradients off."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    pairs = [*zip(reversed(node.args.args), reversed(node.args.defaults), strict=False)]
    pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    first = [f"{each.arg} = {ast.unparse(value)}" for each, value in pairs if value]
    names = [each.arg for each in arguments if each.arg != "self"]
    for name in names:
        first += [f"{name} = {name} * 0", f"{name} = {name} * 0 + 1", f"{name} = {name}[:-1]"]
    text = ast.unparse(node)
    if "torch" in text:
        first.append("torch.set_grad_enabled(False)")
    for line in first:
        yield "body", [*ast.parse(line).body, *node.body]
    *before, last = node.body
    if isinstance(last, ast.Return) and last.value:
        result = ast.unparse(last.value)
        for name in names:
            ending = f"result = {result}\n{name}[...] = 0\nreturn result"
            yield "body", [*before, *ast.parse(ending).body]
        if "torch" in text:
            yield "body", [*before, *ast.parse(f"return ({result}).detach()").body]
        if "tf." in text:
            # Only numbers with a fraction have gradients; times 1.0, others raise.
            stopped = f"return tf.stop_gradient(1.0 * ({result}))"
            yield "body", [*before, *ast.parse(stopped).body]


def _shorter(values: list[Any]) -> Iterator[list[Any]]:
    yield from (values[:n] + values[n + 1 :] for n in range(len(values)))


def _swapped(values: list[Any]) -> Iterator[list[Any]]:
    for n in range(len(values) - 1):
        yield [*values[:n], values[n + 1], values[n], *values[n + 2 :]]


def _root(node: ast.expr) -> str:
    return ast.unparse(node).partition(".")[0]


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
