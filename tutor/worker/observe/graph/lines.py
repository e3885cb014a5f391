"""In which line of a cell a name got its value, read from the code alone."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from tutor.worker.observe.labels import RETURNED

Place = tuple[str, int]
"""A function by its name and first line; the cell itself is ("<module>", 0)."""
CELL: Place = ("<module>", 0)


@dataclass(slots=True)
class _Written:
    lines: list[tuple[int, bool]] = field(default_factory=list)
    """Line, and whether nothing around it may skip it."""


class Lines:
    """Where names are assigned in one cell."""

    def __init__(self, tree: ast.Module) -> None:
        self._written: dict[tuple[Place, str], _Written] = defaultdict(_Written)
        self._all: set[tuple[str, int]] = set()
        self._body(tree.body, CELL, straight=True)

    def of(self, name: str, place: Place = CELL, before: int = 1 << 30) -> int:
        """The line that gave `name` its value by line `before`; 0 where that cannot be told."""
        written = self._written.get((place, name))
        if written is None:
            return 0
        lines = [(line, straight) for line, straight in written.lines if line <= before]
        if not lines:
            return 0
        last, straight = max(lines)
        return last if straight or len({line for line, _ in lines}) == 1 else 0

    def writes(self, name: str, line: int) -> bool:
        """True when that line of this cell gives `name` a value, or returns one."""
        return (name.split(".")[0], line) in self._all

    def _body(self, body: list[ast.stmt], place: Place, straight: bool) -> None:
        # An own stack instead of recursion: code may nest deeper than Python's.
        left = [(statement, place, straight) for statement in body]
        while left:
            statement, place, straight = left.pop()
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
                inner = (statement.name, first)
                left += [(child, inner, True) for child in statement.body]
                continue
            if isinstance(statement, ast.ClassDef):
                inner = (statement.name, statement.lineno)
                left += [(child, inner, True) for child in statement.body]
                continue
            for name in _targets(statement):
                self._written[place, name].lines.append((statement.lineno, straight))
                self._all.add((name, statement.lineno))
            if isinstance(statement, ast.Return):
                self._all.add((RETURNED, statement.lineno))
            # Nothing in the body of a plain `with` is skipped; in others it may be. A loop's
            # body runs as a whole, so the last assignment before the reader is the right one.
            stays = isinstance(statement, ast.With | ast.AsyncWith | ast.For | ast.While)
            for part in ("body", "orelse", "finalbody"):
                children = getattr(statement, part, None) or []
                left += [(child, place, straight and stays) for child in children]
            for handler in getattr(statement, "handlers", []):
                left += [(child, place, False) for child in handler.body]
            for case in getattr(statement, "cases", []):
                left += [(child, place, False) for child in case.body]


def _targets(statement: ast.stmt) -> list[str]:
    targets: list[ast.expr] = []
    match statement:
        case ast.Assign(targets=found):
            targets = list(found)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
            targets = [target]
        case ast.For(target=target) | ast.AsyncFor(target=target):
            targets = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            targets = [item.optional_vars for item in items if item.optional_vars is not None]
    names: list[str] = []
    while targets:
        target = targets.pop()
        if isinstance(target, ast.Name):
            names.append(target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            targets += target.elts
        elif isinstance(target, ast.Starred | ast.Attribute | ast.Subscript):
            targets.append(target.value)
    return names
