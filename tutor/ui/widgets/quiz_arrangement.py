"""Where the lines of an ordering question lie: in place, in order, or put aside. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`order` holds every piece; the first `placed` are in place, the others put aside."""

    order: tuple[int, ...]
    placed: int

    @classmethod
    def of(cls, start: Sequence[int], answer: Sequence[int], *, aside: bool) -> Arrangement:
        """`answer` in place, and what else is in `start` aside; behind it when nothing may be."""
        rest = [piece for piece in start if piece not in answer]
        order = (*answer, *rest)
        return cls(order, len(answer) if aside else len(order))

    @property
    def answer(self) -> tuple[int, ...]:
        return self.order[: self.placed]

    def carried(self, row: int, down: bool, *, aside: bool) -> tuple[Arrangement, int]:
        """The piece in `row` one step further, and the row it is in then. Between the last line
        in place and the first one aside lies a step that changes no row."""
        if aside and down and row == self.placed - 1:
            return replace(self, placed=self.placed - 1), row
        if aside and not down and row == self.placed:
            return replace(self, placed=self.placed + 1), row
        other = row + 1 if down else row - 1
        if not 0 <= other < len(self.order):
            return self, row
        order = list(self.order)
        order[row], order[other] = order[other], order[row]
        return replace(self, order=tuple(order)), other

    def carried_to(self, row: int, target: int) -> tuple[Arrangement, int]:
        """The piece in `row` where the piece in `target` is now, on the same side as that."""
        order = list(self.order)
        order.insert(target, order.pop(row))
        was, now = row < self.placed, target < self.placed
        return Arrangement(tuple(order), self.placed + now - was), target

    def switched(self, row: int) -> tuple[Arrangement, int]:
        """The piece in `row` put aside, before what is there; or, if it was, at the end in place;
        and the row it is in then."""
        inside = row < self.placed
        order = list(self.order)
        piece = order.pop(row)
        target = self.placed - 1 if inside else self.placed
        order.insert(target, piece)
        return Arrangement(tuple(order), target if inside else target + 1), target
