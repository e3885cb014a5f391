"""Running a cell in a real worker and finding what was sent about its training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.worker.children import Child
from tutor.session.observed_gradients import Gradients, with_norms
from tutor.session.observed_training import Curve, Training, with_tick
from tutor.wire.messages import CellFailed
from tutor.wire.observed.gradients import GradientNorms
from tutor.wire.observed.pulse import Pulse
from tutor.wire.observed.training import TrainingTick

OFF = "import tutor.worker.observe.training.hooks as _h; _h.detach()\n"
"""First line of a cell that is not watched."""


@dataclass
class Watched:
    """What one cell caused, folded as the app folds it."""

    messages: list[Any]
    training: Training = field(default_factory=Training)
    gradients: Gradients = field(default_factory=Gradients)

    @property
    def ticks(self) -> list[TrainingTick]:
        return [message for message in self.messages if isinstance(message, TrainingTick)]

    @property
    def norms(self) -> list[GradientNorms]:
        return [message for message in self.messages if isinstance(message, GradientNorms)]

    @property
    def pulses(self) -> list[Pulse]:
        return [message for message in self.messages if isinstance(message, Pulse)]

    def curve(self, name: str) -> Curve:
        [found] = [curve for curve in self.training.curves if curve.name == name]
        return found

    def scalar(self, name: str) -> float | None:
        [found] = [item.value for item in self.training.tracked if item.name == name]
        return found

    def loops(self, name: str) -> set[tuple[int, int]]:
        """All (turn, turns) that a loop was seen at."""
        return {
            (loop.turn, loop.turns)
            for tick in self.ticks
            for loop in tick.loops
            if loop.name == name
        }


def watch(learner: Child, source: str, block: str = "a", *, fails: bool = False) -> Watched:
    """Run a cell to its end. An exception in it is an error unless `fails`."""
    watched = Watched(learner.run(source, block))
    failures = [m for m in watched.messages if isinstance(m, CellFailed)]
    assert bool(failures) == fails, failures
    for message in watched.messages:
        if isinstance(message, TrainingTick):
            watched.training = with_tick(watched.training, message)
        elif isinstance(message, GradientNorms):
            watched.gradients = with_norms(watched.gradients, message)
    return watched
