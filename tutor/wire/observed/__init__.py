"""What observers beside the learner's code saw: one file a panel, one union of all.

Every class here has a field `run`, the number of the run that it belongs to.
"""

from __future__ import annotations

from tutor.wire.observed.gradients import GradientNorms
from tutor.wire.observed.graph import GraphSeen
from tutor.wire.observed.lines import LinesSeen
from tutor.wire.observed.memory import MemoryMeasured
from tutor.wire.observed.mistakes import MistakeNoticed
from tutor.wire.observed.model import ModelSeen, ModelUnwatched
from tutor.wire.observed.pulse import Pulse
from tutor.wire.observed.ranks import RanksSeen
from tutor.wire.observed.training import TrainingTick

Observed = (
    Pulse
    | LinesSeen
    | MemoryMeasured
    | TrainingTick
    | GradientNorms
    | GraphSeen
    | ModelSeen
    | ModelUnwatched
    | RanksSeen
    | MistakeNoticed
)
"""Everything an observer may send."""
