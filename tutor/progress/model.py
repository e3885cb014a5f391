"""Progress as frozen data, derived from the event log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BlockState = Literal["new", "tried", "done"]
LessonState = Literal["new", "started", "done"]


@dataclass(frozen=True, slots=True)
class BlockProgress:
    """One block. A cell is done when it ran to its end, an exercise when it passed, a quiz
    question when it was answered right."""

    block: str
    state: BlockState = "new"
    attempts: int = 0
    hints: int = 0
    """Hints opened so far."""
    solution_seen: bool = False
    """Seen before the pass."""
    answer: tuple[str, ...] = ()
    """Latest quiz answer."""
    digest: str = ""
    """Digest of the block's author text when it was done."""


@dataclass(frozen=True, slots=True)
class LessonProgress:
    lesson: str
    blocks: Mapping[str, BlockProgress] = field(default_factory=dict)
    step: str = ""
    """Step where the learner last stood."""
    block: str = ""
    """Block that had the focus."""
    seconds: float = 0.0

    def of(self, block: str) -> BlockProgress:
        return self.blocks.get(block, BlockProgress(block))

    def done(self, tasks: tuple[str, ...]) -> int:
        return sum(self.of(task).state == "done" for task in tasks)

    def state(self, tasks: tuple[str, ...]) -> LessonState:
        if tasks and self.done(tasks) == len(tasks):
            return "done"
        return "started" if self.step or self.blocks else "new"


@dataclass(frozen=True, slots=True)
class Position:
    """Where "Continue" goes."""

    pack: str
    lesson: str
    step: str
    block: str
    at: float
    """Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day of the learner, wherever they were."""

    seconds: float = 0.0
    deeds: int = 0
    """Cells run, answers checked and questions answered; a day with one counts for the streak."""


@dataclass(frozen=True, slots=True)
class SavedCode:
    """An earlier text of a block, kept when another text took its place."""

    id: int
    text: str
    at: float
    """Unix time in seconds at which it was put away."""
    reason: str
    """For the learner: "the author's code was restored"."""
