"""What a tick tells of the frames and the optimizer, as parts of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from tutor.wire.observed.training import (
    LOOPS,
    LearningRate,
    LoopPlace,
    ScalarValue,
)
from tutor.worker.observe.training.cellmap import MODULE, CellMap, Loop
from tutor.worker.observe.training.frames import look
from tutor.worker.observe.training.hooks import COUNTS
from tutor.worker.observe.training.lengths import MISSING, Lengths
from tutor.worker.observe.training.loops import place_of
from tutor.worker.observe.training.losses import Losses
from tutor.worker.observe.training.scalars import finite, number_in, scalars

_GROUPS = 8


class LoopReport:
    """Remembers the loops of the cell itself, so that they can be read once more at the end."""

    def __init__(
        self, maps: Mapping[str, CellMap], losses: Losses, names: Mapping[str, Any]
    ) -> None:
        """names: the cell's names before it ran; the numbers among them are of earlier cells."""
        self._maps = maps
        self._losses = losses
        self._earlier = {name: value for name, value in names.items() if type(value) is float}
        self._lengths = Lengths(maps, COUNTS.lengths)
        self._of_cell: list[Loop] = []

    def of_frames(
        self, frames: Sequence[FrameType]
    ) -> tuple[tuple[LoopPlace, ...], tuple[ScalarValue, ...]]:
        """Loops outermost first, numbers of the innermost function first. `frames` are the
        learner's, innermost first. Inside `raw.below_everything`."""
        places: list[LoopPlace] = []
        names: list[str] = []
        values: dict[str, Any] = {}
        for frame in reversed(frames):
            scope = _scope(frame)
            loops = self._maps[frame.f_code.co_filename].around(frame.f_lineno or 0, scope)
            if not loops:
                continue
            if scope == MODULE:
                self._of_cell = loops
            kept = loops[0].kept
            seen = look(frame, {*kept, *(name for loop in loops for name in loop.reads)})
            places += self._places(loops, seen)
            names = [*kept, *names]
            values |= {name: seen[name] for name in kept if name in seen}
        return tuple(places[:LOOPS]), self._scalars(names, values)

    def of_names(
        self, names: Mapping[str, Any]
    ) -> tuple[tuple[LoopPlace, ...], tuple[ScalarValue, ...]]:
        """The same from the cell's own names, after the run."""
        if not self._of_cell:
            return (), ()
        kept = self._of_cell[0].kept
        return tuple(self._places(self._of_cell, names)), self._scalars(kept, names)

    def _places(self, loops: Sequence[Loop], names: Mapping[str, Any]) -> list[LoopPlace]:
        def lookup(name: str) -> Any:
            return names.get(name, MISSING)

        found = [
            place_of(loop, lookup, self._lengths, COUNTS.sampler, COUNTS.turn) for loop in loops
        ]
        return [place for place in found if place is not None]

    def _scalars(self, names: Sequence[str], values: Mapping[str, Any]) -> tuple[ScalarValue, ...]:
        known, earlier = self._losses.names, self._earlier

        def skipped(name: str) -> bool:
            # The very object that was there before the run: nothing has been kept yet.
            return name in known or (name in earlier and values.get(name) is earlier[name])

        return scalars(dict.fromkeys(names), values, skipped)


def rate_of(optimizer: Any, name: str) -> LearningRate:
    """The learning rates that an optimizer will use next."""
    values: list[float | None] = []
    for group in optimizer.param_groups[:_GROUPS]:
        number = number_in(group.get("lr"))
        values.append(None if number is None else finite(number))
    return LearningRate(name, type(optimizer).__name__[:200], tuple(values))


def _scope(frame: FrameType) -> int:
    code = frame.f_code
    return MODULE if code.co_name == "<module>" else code.co_firstlineno
