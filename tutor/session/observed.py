"""What the panels show, folded from what observers sent: one field a panel.

A panel adds a field to `Observed`, and to `FOLDS` an entry for each message it understands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tutor.session.observed_gradients import Gradients, with_norms
from tutor.session.observed_graph import GraphView, graph_begun, graph_seen
from tutor.session.observed_lines import LineShapes, with_lines
from tutor.session.observed_memory import MemoryUse, with_memory
from tutor.session.observed_model import (
    ModelView,
    model_begun,
    model_seen,
    model_unwatched,
)
from tutor.session.observed_ranks import RanksView, with_ranks
from tutor.session.observed_training import Training, with_tick
from tutor.wire.observed.gradients import GradientNorms
from tutor.wire.observed.graph import GraphSeen
from tutor.wire.observed.lines import LinesSeen
from tutor.wire.observed.memory import MemoryMeasured
from tutor.wire.observed.model import ModelSeen, ModelUnwatched
from tutor.wire.observed.pulse import Pulse
from tutor.wire.observed.ranks import RanksSeen
from tutor.wire.observed.training import TrainingTick


@dataclass(frozen=True, slots=True)
class Observed:
    """Frozen; every fold returns a new one. Texts are already sanitised when they get here."""

    line: int = 0
    """Line of the running cell that was executing lately, 0 where unknown."""
    lines: LineShapes = field(default_factory=LineShapes)
    """What the lines of cells made."""
    memory: MemoryUse = field(default_factory=MemoryUse)
    """What the latest run left in memory."""
    graph: GraphView = field(default_factory=GraphView)
    """The autograd graph."""
    model: ModelView = field(default_factory=ModelView)
    """Models, as their forwards showed them."""

    training: Training = field(default_factory=Training)
    """The latest training loop, and earlier ones of its cell."""
    gradients: Gradients = field(default_factory=Gradients)
    """Gradients, parameter by parameter."""
    ranks: RanksView = field(default_factory=RanksView)
    """The processes of the latest distributed run."""


Fold = Callable[[Any, Any], Any]
"""A field's value and a message about it give the field's next value."""


def fold(observed: Observed, message: Any) -> Observed:
    """`observed` with what `message` tells; messages without a fold change nothing."""
    entry = FOLDS.get(type(message))
    if entry is None:
        return observed
    name, step = entry
    return replace(observed, **{name: step(getattr(observed, name), message)})


def begun(observed: Observed, run: int) -> Observed:
    """A run begins: what belonged to the moment is void, what is history stays."""
    return replace(
        observed, line=0, graph=graph_begun(observed.graph), model=model_begun(observed.model)
    )


def _line(_before: int, message: Pulse) -> int:
    return message.line


FOLDS: dict[type, tuple[str, Fold]] = {
    Pulse: ("line", _line),
    LinesSeen: ("lines", with_lines),
    MemoryMeasured: ("memory", with_memory),
    GraphSeen: ("graph", graph_seen),
    ModelSeen: ("model", model_seen),
    ModelUnwatched: ("model", model_unwatched),
    TrainingTick: ("training", with_tick),
    GradientNorms: ("gradients", with_norms),
    RanksSeen: ("ranks", with_ranks),
}
"""Which field a message is about, and how it changes it."""
