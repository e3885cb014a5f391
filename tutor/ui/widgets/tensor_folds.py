"""Tensors of one model or container under one line that opens and closes; pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tutor.ui.widgets.tensor_columns import WORDS
from tutor.wire.messages import TensorRow

FOLDED_FROM = 5
"""A model or container with so many tensors is folded until the learner opens it."""

_ROOT = re.compile(r"[^.\[]+")


@dataclass(frozen=True, slots=True)
class Fold:
    """The line of a name that holds several tensors."""

    name: str
    tensors: int
    numbers: int
    """How many numbers they have together."""
    changes: tuple[str, ...] = ()
    """What the last run did to some of them, without repetition."""
    not_finite: int = 0
    open: bool = False

    @property
    def text(self) -> str:
        """`6 tensors · 101,770 numbers · new gradient`."""
        parts = [f"{self.tensors:,} tensors", f"{self.numbers:,} numbers"]
        parts += [WORDS[change] for change in self.changes]
        if self.not_finite:
            parts.append(f"{self.not_finite:,} not finite")
        return " · ".join(parts)


Entry = TensorRow | Fold


def entries(
    rows: Iterable[TensorRow], opened: Collection[str], closed: Collection[str]
) -> tuple[Entry, ...]:
    """The lines to draw: rows, and a `Fold` above (or instead of) what one name holds.

    `opened` and `closed` are names that the learner decided about; the size decides the others.
    """
    groups: dict[str, list[TensorRow]] = {}
    for row in rows:
        groups.setdefault(root_of(row.path), []).append(row)
    drawn: list[Entry] = []
    for name, members in groups.items():
        if len(members) == 1 or any(row.path == name for row in members):
            drawn += members
            continue
        is_open = name in opened or (name not in closed and len(members) < FOLDED_FROM)
        drawn.append(_fold(name, members, is_open))
        if is_open:
            drawn += members
    return tuple(drawn)


def root_of(path: str) -> str:
    """The learner's name that a path begins with: `model` of `model.0.weight`."""
    found = _ROOT.match(path)
    return found.group() if found else path


def key_of(entry: Entry) -> str:
    """What identifies a line from one table to the next."""
    return f"{entry.name}/" if isinstance(entry, Fold) else entry.path


def _fold(name: str, members: list[TensorRow], is_open: bool) -> Fold:
    own = [row for row in members if not row.alias_of]
    return Fold(
        name,
        len(members),
        sum(math.prod(row.shape) for row in own),
        tuple(change for change in WORDS if any(row.change == change for row in members)),
        sum(row.nan + row.inf for row in own),
        is_open,
    )
