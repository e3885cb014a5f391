"""Which module made which nodes of the autograd graph: intervals of node numbers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import torch

KEPT_ROOTS = 8
"""Forwards that are remembered, so that a backward in a later cell still finds its modules."""

_next: Any = getattr(getattr(torch._C, "_autograd", None), "_get_sequence_nr", None)


def next_number() -> int:
    """The number that this thread's next node gets; -1 where torch does not tell."""
    return int(_next()) if _next is not None else -1


@dataclass(slots=True)
class Call:
    """Nodes numbered `first` up to before `last` were made in this call."""

    path: str
    kind: str
    call: int
    parent: int
    first: int
    last: int = -1


class CallLog:
    """The calls of the forwards seen lately; holds texts and numbers alone."""

    def __init__(self) -> None:
        self._roots: deque[list[Call]] = deque(maxlen=KEPT_ROOTS)

    def add(self, calls: list[Call]) -> None:
        """Remember one forward: `calls` in order of their beginning, parents before children."""
        if any(call.last > call.first >= 0 for call in calls):
            self._roots.append(calls)

    def around(self, first: int, last: int) -> list[Call]:
        """The forwards that made nodes between two numbers; `parent` counts within the result."""
        roots = [calls for calls in self._roots if calls[0].last > first and calls[0].first <= last]
        if len(roots) == 1:
            return roots[0]
        found: list[Call] = []
        for calls in roots:
            shift = len(found)
            found += [
                Call(
                    call.path,
                    call.kind,
                    call.call,
                    call.parent + shift if call.parent >= 0 else -1,
                    call.first,
                    call.last,
                )
                for call in calls
            ]
        return found
