"""What a static rule looks at: one lesson, its text, and what lies around it in the pack."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tutor.course.body import Body, split
from tutor.course.errors import Complaints, LessonError, Level
from tutor.course.model import Exercise, Lesson, Place, Quiz


@dataclass(frozen=True)
class Subject:
    """A lesson that parsed. `files` maps each file of the pack, as a path with slashes from its
    root, to the ids that a link may point to in it. `topics` are those of the pack, by id, and
    `recorded` the ids that its learners' progress hangs on. `shipped`: it came with torch-tutor.
    """

    lesson: Lesson
    text: str
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    recorded: Collection[str] = ()
    shipped: bool = False

    @cached_property
    def body(self) -> Body:
        return split(self.text, Complaints(self.lesson.path))

    @property
    def advice(self) -> Level:
        """How much a rule of the house weighs that a course of somebody else need not follow."""
        return "error" if self.shipped else "warning"

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(b for _, b in self.lesson.blocks() if isinstance(b, Exercise))

    @property
    def questions(self) -> tuple[Quiz, ...]:
        return tuple(b for _, b in self.lesson.blocks() if isinstance(b, Quiz))

    def at(self, line: int, text: str, level: Level = "error") -> LessonError:
        return LessonError(Place(self.lesson.path, line), text, level)
