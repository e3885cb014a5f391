"""Puts probes into a cell: after what binds names, at the entry of loops, `with` and functions.

A probe is `if not __tt_c__() and __tt_n__[site]: __tt__(site, name, …)`. Its first test is true
while torch.compile traces, which folds the whole probe away: no guard, no break, no recompilation.
The module's own statements are never compiled by torch and do without it. Every node of a probe
carries the location of the statement it looks at, so tracebacks do not change.
"""

from __future__ import annotations

import ast
import pickle
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tutor.worker.observe.labels import RETURNED
from tutor.worker.observe.lines.names import (
    Bound,
    in_parameters,
    in_pattern,
    in_target,
    in_walruses,
)
from tutor.worker.observe.lines.numbers import Scope, is_number, numbers_in

COUNTERS, COMPILING, RECORD = "__tt_n__", "__tt_c__", "__tt__"
"""Names of the probes' parts in the learner's namespace. Dunder at both ends: else Python would
mangle them inside classes."""
_dumps, _loads = pickle.dumps, pickle.loads

MOST_SITES = 2_000
"""A cell with more is left without the rest."""


@dataclass(frozen=True, slots=True)
class Site:
    """One probe: what it looks at. `in_function`: it may run in later cells too."""

    bound: tuple[Bound, ...]
    in_function: bool
    entry: bool = False
    """The values were made elsewhere: parameters of a function."""


def rewritten(
    tree: ast.Module, first: int = 0, known: Container[str] = ()
) -> tuple[ast.Module, tuple[Site, ...]]:
    """A changed copy of `tree` and its sites, numbered from `first`.

    `known` are names of the namespace that are numbers or text now.
    """
    tree = _copy(tree)
    writer = _Writer(first)
    writer.scope(tree, known)
    return tree, tuple(writer.sites)


class _Writer:
    def __init__(self, first: int) -> None:
        self.sites: list[Site] = []
        self._first = first
        self._numbers: Container[str] = ()
        self._in_function = False

    # ------------------------------------------------------------------ scopes

    def scope(self, scope: Scope, outer: Container[str]) -> None:
        """Put probes into a module or function, in place; `outer` are numbers around it."""
        before = self._numbers, self._in_function
        self._numbers = numbers_in(scope, outer)
        self._in_function = not isinstance(scope, ast.Module)
        statements = scope.body
        body = self._block(statements)
        if isinstance(scope, ast.Module):
            _last_stays_last(body, statements)
        else:
            at = _after_docstring(statements)
            # Where the first statement stands: endless recursion may end in this very call.
            place = next((s for s in statements[at:] if not _declares(s)), scope)
            body[at:at] = self._probes(in_parameters(scope.args), place, entry=True)
        scope.body = body
        self._numbers, self._in_function = before

    def _statement(self, node: ast.stmt) -> Iterator[ast.stmt]:
        """The statement with probes in it and after it."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.scope(node, self._numbers)
            yield node
            return
        if isinstance(node, ast.ClassDef):  # its own names may mean anything: methods alone
            for inside in node.body:
                if isinstance(inside, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    list(self._statement(inside))
            yield node
            return
        if isinstance(node, ast.Return):
            yield from self._returned(node)
            return
        self._blocks(node)
        yield node
        yield from self._probes(self._made_by(node), node)

    def _blocks(self, node: ast.stmt) -> None:
        """Probes inside the blocks of a compound statement, and what it binds at their entry."""
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                setattr(node, name, self._block(block))
        if isinstance(node, ast.For | ast.AsyncFor):
            self._enter(node, in_target(node.target))
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._enter(node, (b for item in node.items for b in in_target(item.optional_vars)))
        elif isinstance(node, ast.While | ast.If):
            self._enter(node, in_walruses(node.test))
        elif isinstance(node, ast.Try | ast.TryStar):
            for handler in node.handlers:
                handler.body = self._block(handler.body)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                case.body = [
                    *self._probes(in_pattern(case.pattern), case.body[0]),
                    *self._block(case.body),
                ]

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [part for statement in body for part in self._statement(statement)]

    def _enter(self, node: Any, bound: Iterable[Bound]) -> None:
        node.body[0:0] = self._probes(bound, node)

    # ------------------------------------------------------------------ what was made

    def _made_by(self, node: ast.stmt) -> Iterator[Bound]:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from in_walruses(value)
                if not is_number(value, self._numbers):
                    for target in targets:
                        yield from in_target(target)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from in_walruses(value)
                yield from in_target(target)
            case ast.AugAssign(target=target):
                yield from in_target(target)
            case ast.Expr(value=value):
                yield from in_walruses(value)

    def _probes(
        self, bound: Iterable[Bound], at: ast.stmt, *, entry: bool = False
    ) -> list[ast.stmt]:
        """At most one probe, of the names that may hold a tensor."""
        unique = {(b.name, b.attribute): b for b in bound if self._may_be_tensor(b)}
        if not unique or len(self.sites) >= MOST_SITES:
            return []
        names = tuple(unique.values())
        number = self._site(Site(names, self._in_function, entry))
        call = _call(RECORD, ast.Constant(number), *(_name(b.name) for b in names))
        return [_placed(ast.If(self._test(number), [ast.Expr(call)], []), at)]

    def _returned(self, node: ast.Return) -> Iterator[ast.stmt]:
        """`return x + y` becomes that twice: through the probe, which hands it on, and plain.

        No name is added to the function and nothing lives longer than it did.
        """
        value = node.value
        if (
            value is None
            or isinstance(value, ast.Name)
            or is_number(value, self._numbers)
            or len(self.sites) >= MOST_SITES
        ):
            yield node
            return
        number = self._site(Site((Bound(RETURNED, node.lineno),), self._in_function))
        call = _call(RECORD, ast.Constant(number), _copy(value))
        through = ast.If(self._test(number), [ast.Return(call)], [])
        yield _placed(through, node)
        yield node

    def _may_be_tensor(self, bound: Bound) -> bool:
        if bound.attribute:
            return not (bound.attribute.startswith("__") and not bound.attribute.endswith("__"))
        return bound.name not in self._numbers and bound.name != "_"

    def _site(self, site: Site) -> int:
        self.sites.append(site)
        return self._first + len(self.sites) - 1

    def _test(self, number: int) -> ast.expr:
        counter = ast.Subscript(_name(COUNTERS), ast.Constant(number), ast.Load())
        if not self._in_function:
            return counter
        return ast.BoolOp(ast.And(), [ast.UnaryOp(ast.Not(), _call(COMPILING)), counter])


def _copy(node: Any) -> Any:
    """A deep copy; pickle makes one five times as fast as `copy.deepcopy`."""
    return _loads(_dumps(node))


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_name(name), list(arguments), [])


def _placed(probe: ast.If, at: ast.stmt) -> ast.stmt:
    """`probe` at the place of `at`; parts that came from the learner's code keep their own."""
    place = at.value if isinstance(at, ast.Return) and at.value else at
    for node in ast.walk(probe):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, place)
    return probe


def _declares(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Global | ast.Nonlocal)


def _after_docstring(body: list[ast.stmt]) -> int:
    first = body[0]
    return int(
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and type(first.value.value) is str
    )


def _last_stays_last(body: list[ast.stmt], before: list[ast.stmt]) -> None:
    """A cell's last expression is its value: no probe comes after it."""
    if before and isinstance(before[-1], ast.Expr):
        while body[-1] is not before[-1]:
            body.pop()
