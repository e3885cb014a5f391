"""Which variables can only ever be numbers or text, so that no probe need look at them."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from typing import Any

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef

_MAKE_NUMBERS = frozenset({"len", "int", "float", "bool", "str", "round", "ord", "repr", "hash"})
_KEEP_NUMBERS = frozenset({"abs", "min", "max", "sum", "divmod", "pow"})
_METHODS = frozenset({"item", "numel", "dim", "ndimension", "format", "join", "perf_counter"})
_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

Binding = tuple[str, ast.expr | None]
"""A name and what it is set to, None where that cannot be told."""


class Numbers:
    """Names of one scope, and through it of those around it, that hold numbers and text alone."""

    def __init__(self, numbers: set[str], bound: frozenset[str], outer: Container[str]) -> None:
        self._numbers, self._bound, self._outer = numbers, bound, outer

    def __contains__(self, name: Any) -> bool:
        return name in self._numbers or (name not in self._bound and name in self._outer)


def numbers_in(scope: Scope, outer: Container[str] = ()) -> Numbers:
    """What in `scope` is a number or text, whatever way the code takes.

    `outer` are names of outer scopes that are. Begins with all names and takes away those with
    another binding until nothing changes, so that `a = b + 1; b = a` is found.
    """
    bindings = list(_bindings(scope))
    numbers = {name for name, _ in bindings}
    view = Numbers(numbers, frozenset(numbers), outer)
    while True:
        others = {name for name, value in bindings if not is_number(value, view)}
        if not others & numbers:
            return view
        numbers -= others


def is_number(value: ast.expr | None, numbers: Container[str]) -> bool:
    """True when `value` can only be a number or text, given the names that are."""
    match value:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.Name(id=name):
            return name in numbers
        case ast.UnaryOp(operand=operand):
            return is_number(operand, numbers)
        case ast.BinOp(left=left, right=right):
            return is_number(left, numbers) and is_number(right, numbers)
        case ast.BoolOp(values=values):
            return all(is_number(item, numbers) for item in values)
        case ast.Compare(left=left, comparators=others):
            return all(is_number(item, numbers) for item in (left, *others))
        case ast.IfExp(body=body, orelse=orelse):
            return is_number(body, numbers) and is_number(orelse, numbers)
        case ast.NamedExpr(value=inner):
            return is_number(inner, numbers)
        case ast.Call(func=ast.Name(id=name), args=args):
            return name in _MAKE_NUMBERS or (
                name in _KEEP_NUMBERS
                and bool(args)
                and all(is_number(item, numbers) for item in args)
            )
        case ast.Call(func=ast.Attribute(attr=name), args=args):
            return name in _METHODS or (name == "size" and len(args) == 1)
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=index):
            return not isinstance(index, ast.Slice)
    return False


def _bindings(scope: Scope) -> Iterator[Binding]:
    if not isinstance(scope, ast.Module):
        arguments = scope.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [part for part in (arguments.vararg, arguments.kwarg) if part]
        for argument in every:
            yield argument.arg, None
    for node in _inside(scope):
        yield from _bound_by(node)
    for node in ast.walk(scope):
        if isinstance(node, ast.Global | ast.Nonlocal):  # other scopes may set them
            for name in node.names:
                yield name, None


def _bound_by(node: ast.AST) -> Iterator[Binding]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _paired(target, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
            place = ast.Name(target.id, ast.Load())
            yield name, ast.BinOp(place, op, value)
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.For(target=target, iter=loop) | ast.AsyncFor(target=target, iter=loop):
            yield from _looped(target, loop)
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from _unknown(target)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, None
        case ast.MatchMapping(rest=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name, None
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield (alias.asname or alias.name).partition(".")[0], None


def _paired(target: ast.expr, value: ast.expr) -> Iterator[Binding]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(value, ast.Tuple | ast.List)
        and len(target.elts) == len(value.elts)
        and not any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
    ):
        for part, item in zip(target.elts, value.elts, strict=True):
            yield from _paired(part, item)
    else:
        yield from _unknown(target)


def _looped(target: ast.expr, loop: ast.expr) -> Iterator[Binding]:
    if isinstance(loop, ast.Call) and isinstance(loop.func, ast.Name):
        if loop.func.id == "range" and isinstance(target, ast.Name):
            yield target.id, ast.Constant(0)
            return
        if loop.func.id == "enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            yield from _paired(target.elts[0], ast.Constant(0))
            yield from _unknown(target.elts[1])
            return
    yield from _unknown(target)


def _unknown(target: ast.expr) -> Iterator[Binding]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, None


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """Nodes of this scope alone; a function or class in it appears, its inside does not."""
    left = list(ast.iter_child_nodes(scope))
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, _OWN_SCOPE):
            left += ast.iter_child_nodes(node)
