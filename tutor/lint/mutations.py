"""The ways in which a solution is made wrong: each finds the places where it applies. Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from tutor.lint.sites import Edit, Site, atom, called

Mutation = Callable[[Site], Iterator[Edit]]

SMALL = 16
"""A larger whole number is a setting, such as a number of steps, where one more is no mistake."""
_MODULES = {
    "torch", "nn", "F", "np", "math", "os", "copy", "random", "time", "dist", "optim", "csv",
    "json", "itertools", "functools", "collections", "io", "pathlib", "re", "sys", "string",
}  # fmt: skip
_HARMLESS_CALLS = {
    "contiguous", "cpu", "cuda", "list", "tuple", "super", "print", "synchronize", "__init__",
    "range", "zip", "enumerate", "isinstance", "len", "iter", "int", "Generator",
}  # fmt: skip
"""Without them the code does the same, or does not run at all."""
_GRADIENT_CALLS = {"detach", "detach_", "clone", "requires_grad_", "zero_grad"}
_NO_GRADIENTS = {"no_grad", "inference_mode", "set_grad_enabled", "enable_grad"}
_HARMLESS_KEYWORDS = {
    "device", "map_location", "non_blocking", "pin_memory", "num_workers", "persistent_workers",
    "weights_only", "inplace", "sep", "end", "strict", "foreach", "fused", "label", "key",
}  # fmt: skip
_COMMUTES = {
    "maximum", "minimum", "max", "min", "allclose", "equal", "add", "mul", "eq", "ne", "dot",
    "logical_and", "logical_or", "logical_xor", "transpose", "swapaxes", "isinstance", "print",
    "getattr", "hasattr", "setattr", "zip", "mse_loss", "l1_loss", "dist", "super", "gcd",
    "cosine_similarity", "einsum", "isclose", "hypot", "where", "save", "load", "add_",
}  # fmt: skip
_REDUCTIONS = {
    "sum", "mean", "max", "min", "amax", "amin", "argmax", "argmin", "std", "var", "prod", "norm",
    "softmax", "log_softmax", "logsumexp", "cumsum", "cumprod", "sort", "argsort", "any", "all",
    "unsqueeze", "squeeze", "flatten", "median", "size", "unbind", "index_select", "gather",
}  # fmt: skip
_OPERATORS: Mapping[type, str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.MatMult: "*", ast.Pow: "*",
    ast.FloorDiv: "/", ast.Mod: "//", ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
_ORDERED: Mapping[type, str] = {
    ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%"
}  # fmt: skip
"""Operators whose sides may not change places; for `-` a swapped operator says as much, and
would not be lost in a square."""
_COMPARISONS: Mapping[type, str] = {
    ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<=", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip


def zeros(site: Site) -> Iterator[Edit]:
    """What is returned, times 0: the right shape and dtype."""
    value = _result(site)
    if value is not None and not _is_words(value):
        yield Edit(value, f"{atom(value)} * 0", said="zeros of its shape")


def one_number(site: Site) -> Iterator[Edit]:
    """One number for all, which broadcasting makes fit; a single number gets a dimension."""
    value = _result(site)
    if value is None or _is_words(value) or _is_plain(value):
        return
    text = f"(_it[None] if (_it := {atom(value)}).ndim == 0 else _it.double().mean().to(_it.dtype))"
    yield Edit(value, text, said="one number for all")


def dropped_call(site: Site) -> Iterator[Edit]:
    """`x.relu()` → `x`, `F.relu(x)` → `x`."""
    node = site.node
    if not isinstance(node, ast.Call) or isinstance(site.parent, ast.Expr):
        return
    if called(node) in _HARMLESS_CALLS | _GRADIENT_CALLS | _NO_GRADIENTS or _moves(node):
        return
    inner = _receiver(node)
    if inner is None and node.args and not isinstance(node.args[0], ast.Starred):
        inner = node.args[0]
    if inner is not None and not isinstance(inner, ast.GeneratorExp | ast.Constant):
        yield Edit(node, atom(inner))


def swapped_dims(site: Site) -> Iterator[Edit]:
    """`dim=0` → `dim=1`."""
    if not _is_dimension(site):
        return
    number = _whole(site.node)
    if number is not None:
        yield Edit(site.node, str({0: 1, 1: 0, 2: 1, -1: -2, -2: -1}.get(number, 0)))


def off_by_one(site: Site) -> Iterator[Edit]:
    """Small whole numbers, ends of ranges and of slices."""
    node, parent = site.node, site.parent
    if isinstance(parent, ast.Slice) and node is not parent.step:
        sign = "-" if node is parent.upper else "+"
        number = _whole(node)
        if number is None:
            yield Edit(node, f"{atom(node)} {sign} 1")
        else:
            yield Edit(node, str(number - 1 if sign == "-" else number + 1))
        return
    if isinstance(parent, ast.Call) and called(parent) == "range":
        last = parent.args[-1 if len(parent.args) < 3 else 1]
        if node is last and _whole(node) is None:
            yield Edit(node, f"{atom(node)} - 1")
            return
    number = _whole(node)
    if number is None or abs(number) > SMALL or _is_dimension(site) or _is_seed(site):
        return
    if isinstance(parent, ast.UnaryOp):
        return  # counted with its sign
    if number < 0 and isinstance(parent, ast.Call):
        return  # reshape(-1): another number does not run
    yield Edit(node, str(number + 1 if number >= 0 else number - 1))


def flipped_comparison(site: Site) -> Iterator[Edit]:
    """`<` → `>`."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sign = _COMPARISONS[type(node.ops[0])]
        yield Edit(node, f"{atom(node.left)} {sign} {atom(node.comparators[0])}")


def dropped_keyword(site: Site) -> Iterator[Edit]:
    """`keepdim=True` left out."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in _HARMLESS_KEYWORDS:
            continue
        rest = [word for word in node.keywords if word is not keyword]
        yield Edit(node, ast.unparse(ast.Call(node.func, node.args, rest)))


def dropped_gradient_care(site: Site) -> Iterator[Edit]:
    """`detach`, `zero_grad`, `no_grad` and what else decides what is recorded."""
    match site.node:
        case ast.Call() as call if called(call) in _GRADIENT_CALLS:
            inner = _receiver(call)
            if inner is None:
                return
            statement = isinstance(site.parent, ast.Expr)
            yield Edit(call, "pass" if statement else atom(inner))
        case ast.With(items=[ast.withitem(context_expr=manager, optional_vars=None)]) as block:
            if called(manager) in _NO_GRADIENTS:
                yield Edit(block, "if True", manager)
        case ast.Assign(targets=[ast.Attribute(attr="grad")]) as statement:
            yield Edit(statement, "pass")
        case ast.FunctionDef(decorator_list=[decorator]):
            if called(decorator) in _NO_GRADIENTS:
                yield Edit(decorator, "(lambda f: f)", said=f"no `@{ast.unparse(decorator)}`")


def swapped_operator(site: Site) -> Iterator[Edit]:
    """`+` → `-`, `and` → `or`, `-x` → `x`."""
    match site.node:
        case ast.BinOp(left, op, right) as node if type(op) in _OPERATORS:
            yield Edit(node, f"{atom(left)} {_OPERATORS[type(op)]} {atom(right)}")
        case ast.AugAssign(target, op, value) as node if type(op) in _OPERATORS:
            yield Edit(node, f"{atom(target)} {_OPERATORS[type(op)]}= {ast.unparse(value)}")
        case ast.BoolOp(op, values) as node:
            sign = " or " if isinstance(op, ast.And) else " and "
            yield Edit(node, sign.join(map(atom, values)))
        case ast.UnaryOp(op, operand) as node if not isinstance(operand, ast.Constant):
            if isinstance(op, ast.USub | ast.Not | ast.Invert):
                yield Edit(node, atom(operand))


def swapped_arguments(site: Site) -> Iterator[Edit]:
    """`f(a, b)` → `f(b, a)`, `a / b` → `b / a`."""
    node = site.node
    if isinstance(node, ast.BinOp) and type(node.op) in _ORDERED:
        yield Edit(node, f"{atom(node.right)} {_ORDERED[type(node.op)]} {atom(node.left)}")
    if not isinstance(node, ast.Call) or len(node.args) < 2 or called(node) in _COMMUTES:
        return
    first, second, *rest = node.args
    if isinstance(first, ast.Starred) or isinstance(second, ast.Starred):
        return
    if ast.unparse(first) != ast.unparse(second):
        yield Edit(node, ast.unparse(ast.Call(node.func, [second, first, *rest], node.keywords)))


def dropped_statement(site: Site) -> Iterator[Edit]:
    """A call for its effect, an update, a guard, or a name given anew."""
    match site.node:
        case ast.Expr(value=ast.Call() as call) as node:
            inside_init = called(call) == "__init__"
            if called(call) not in {"print", "zero_grad"} and not inside_init:
                yield Edit(node, "pass")
        case ast.AugAssign() as node:
            yield Edit(node, "pass")
        case ast.If(body=[ast.Raise()], orelse=[]) as node:
            yield Edit(node, "pass", said="no check of its inputs")
        case ast.Assign(targets=[ast.Name(id=name)], value=value) as node:
            used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
            if name in used:
                yield Edit(node, "pass")
        case ast.Assign(targets=[ast.Subscript()]) as node:
            yield Edit(node, "pass")


KINDS: Mapping[str, Mutation] = {
    "zeros": zeros,
    "one number": one_number,
    "dropped call": dropped_call,
    "swapped dims": swapped_dims,
    "off by one": off_by_one,
    "flipped comparison": flipped_comparison,
    "dropped keyword": dropped_keyword,
    "dropped gradient care": dropped_gradient_care,
    "swapped operator": swapped_operator,
    "swapped arguments": swapped_arguments,
    "dropped statement": dropped_statement,
}


def _result(site: Site) -> ast.expr | None:
    """What a function returns; without functions, what the last line gives a name to."""
    node = site.node
    if isinstance(node, ast.Return):
        return node.value
    module = site.parent
    if not isinstance(module, ast.Module) or node is not module.body[-1]:
        return None
    return node.value if isinstance(node, ast.Assign) else None


def _is_words(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, int | float) or isinstance(node.value, bool)
    return isinstance(node, ast.JoinedStr | ast.Dict)


def _is_plain(node: ast.expr) -> bool:
    """Surely no tensor, so that nothing can be broadcast."""
    if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.BoolOp | ast.ListComp):
        return True
    return called(node) in {"item", "tolist", "len", "int", "float", "bool", "sorted", "list"}


def _receiver(call: ast.Call) -> ast.expr | None:
    """`x` of `x.relu()`; None for `torch.relu(x)` and `self.layer(x)`."""
    if not isinstance(call.func, ast.Attribute):
        return None
    root: ast.expr = call.func.value
    if isinstance(root, ast.Name) and root.id in _MODULES | {"self", "cls"}:
        return None
    while isinstance(root, ast.Attribute):
        root = root.value
        if isinstance(root, ast.Name) and root.id in _MODULES:
            return None
    return call.func.value


def _moves(call: ast.Call) -> bool:
    """`.to(device)`, which does nothing on a processor."""
    words = [*call.args, *(keyword.value for keyword in call.keywords)]
    return called(call) == "to" and any("device" in ast.unparse(word) for word in words)


def _is_dimension(site: Site) -> bool:
    parent = site.parent
    if isinstance(parent, ast.keyword):
        return parent.arg in ("dim", "axis", "dim0", "dim1", "start_dim", "end_dim")
    if not isinstance(parent, ast.Call) or called(parent) not in _REDUCTIONS:
        return False
    place = 0 if _receiver(parent) is not None else 1
    return len(parent.args) > place and parent.args[place] is site.node


def _is_seed(site: Site) -> bool:
    parent = site.parent
    if isinstance(parent, ast.keyword):
        return parent.arg == "seed"
    return "seed" in called(parent) if parent is not None else False


def _whole(node: ast.AST | None) -> int | None:
    """The value of `3` or `-3`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inside = _whole(node.operand)
        return None if inside is None else -inside
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None
