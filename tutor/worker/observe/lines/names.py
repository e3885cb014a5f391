"""Which names a piece of syntax binds, with the place of each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """`name` is a variable of the scope; with `attribute`, `name.attribute` was bound."""

    name: str
    line: int
    attribute: str = ""

    @property
    def text(self) -> str:
        """As the learner wrote it."""
        return f"{self.name}.{self.attribute}" if self.attribute else self.name


def in_target(target: ast.expr | None) -> Iterator[Bound]:
    """Names in an assignment target, tuples and stars entered; `self.w` counts, `x[0]` does not."""
    if isinstance(target, ast.Name):
        yield Bound(target.id, target.lineno)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        yield Bound(target.value.id, target.lineno, target.attr)
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from in_target(item)
    elif isinstance(target, ast.Starred):
        yield from in_target(target.value)


def in_parameters(arguments: ast.arguments) -> Iterator[Bound]:
    """Parameters of a function but `self` and `cls`."""
    every = [*arguments.posonlyargs, *arguments.args]
    every += [arguments.vararg] if arguments.vararg else []
    every += arguments.kwonlyargs
    for argument in every:
        if argument.arg not in ("self", "cls"):
            yield Bound(argument.arg, argument.lineno)


def in_pattern(pattern: ast.AST) -> Iterator[Bound]:
    """Names that a `case` captures."""
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield Bound(node.name, node.lineno)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield Bound(node.rest, node.lineno)


def in_walruses(expression: ast.expr | None) -> Iterator[Bound]:
    """Names of `:=` that are bound whenever `expression` was evaluated to its end."""
    match expression:
        case None | ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            return
        case ast.GeneratorExp():
            return
        case ast.NamedExpr(target=ast.Name() as target, value=value):
            yield from in_walruses(value)
            yield Bound(target.id, target.lineno)
        case ast.BoolOp(values=[first, *_]):
            yield from in_walruses(first)
        case ast.IfExp(test=test):
            yield from in_walruses(test)
        case ast.Compare(left=left, comparators=[first, *_]):  # a chain may end early
            yield from in_walruses(left)
            yield from in_walruses(first)
        case _:
            for child in ast.iter_child_nodes(expression):
                if isinstance(child, ast.expr):
                    yield from in_walruses(child)
                elif isinstance(child, ast.keyword):
                    yield from in_walruses(child.value)
