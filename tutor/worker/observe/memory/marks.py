"""Marks between the top-level statements of a cell, and what each measured."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from tutor.wire.observed.memory import MOST_LINES, LineGrowth
from tutor.worker.observe.memory.device import allocated_bytes
from tutor.worker.observe.memory.process import Resident, peak_bytes

MARK = "__tt_m__"
"""What a mark calls; dunder at both ends like all names of ours in the learner's namespace."""

_len = len


def marked(tree: ast.Module) -> tuple[ast.Module, tuple[int, ...]]:
    """A tree with a mark between any two statements that run, and the line of each stretch.

    The given tree is not changed. Docstring and future imports stay first, and the last statement
    stays last: its growth is measured when the run ends.
    """
    body = tree.body
    start = _prologue(body)
    lines = tuple(statement.lineno for statement in body[start:])
    if not 1 < len(lines) <= MOST_LINES:
        return tree, lines[:1]
    marks: list[ast.stmt] = list(body[: start + 1])
    for before, statement in zip(body[start:], body[start + 1 :], strict=False):
        marks += [_mark(before), statement]
    return ast.Module(marks, tree.type_ignores), lines


@dataclass(slots=True)
class Sample:
    """One moment, in bytes."""

    process: int
    peak: int
    device: int


@dataclass(slots=True)
class Samples:
    """What was measured at the begin and at every mark of one run."""

    resident: Resident = field(default_factory=Resident)
    taken: list[Sample] = field(default_factory=list)

    def take(self) -> None:
        if _len(self.taken) <= MOST_LINES + 1:
            self.taken.append(Sample(self.resident.bytes(), peak_bytes(), allocated_bytes()))

    def growth(self, lines: tuple[int, ...]) -> tuple[LineGrowth, ...]:
        """Growth over each stretch that ended; `lines` as from `marked`."""
        return tuple(
            LineGrowth(
                line,
                after.process - before.process if before.process and after.process else 0,
                after.device - before.device,
                max(0, after.peak - before.peak),
            )
            for line, before, after in zip(lines, self.taken, self.taken[1:], strict=False)
        )


def mark() -> Any:
    """Called between statements; importable, so that it never keeps code from being pickled."""
    samples = _current
    if samples is not None:
        samples.take()


_current: Samples | None = None


def use(samples: Samples | None) -> None:
    """From now on marks go to `samples`."""
    global _current
    _current = samples


def _mark(before: ast.stmt) -> ast.stmt:
    call = ast.Expr(ast.Call(ast.Name(MARK, ast.Load()), [], []))
    for node in ast.walk(call):
        if "lineno" in node._attributes:
            ast.copy_location(node, before)
    return call


def _prologue(body: list[ast.stmt]) -> int:
    """How many statements must stay in front."""
    count = 0
    for statement in body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (is_future or (is_text and count == 0)):
            break
        count += 1
    return count if count < len(body) else 0
