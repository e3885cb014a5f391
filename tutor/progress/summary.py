"""How far a learner has come in a course: counts, minutes, streak. Pure, from plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from tutor.progress.model import Day, LessonProgress, LessonState


class LessonOutline(Protocol):
    """What is needed of a lesson; `tutor.course.model.Lesson` has it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def minutes(self) -> int: ...
    @property
    def tasks(self) -> tuple[str, ...]: ...


class UnitOutline(Protocol):
    """What is needed of a unit; `tutor.course.model.Unit` has it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def lessons(self) -> Sequence[LessonOutline]: ...


@dataclass(frozen=True, slots=True)
class LessonSummary:
    """One lesson. `tasks` are its cells, exercises and questions."""

    id: str
    title: str
    minutes: int
    """The author's estimate."""
    state: LessonState
    done: int
    tasks: int
    seconds: float
    """Spent so far."""


@dataclass(frozen=True, slots=True)
class UnitSummary:
    id: str
    title: str
    lessons: tuple[LessonSummary, ...]

    @property
    def done(self) -> int:
        """Lessons that are done."""
        return sum(lesson.state == "done" for lesson in self.lessons)

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)

    @property
    def minutes_left(self) -> int:
        """The author's estimate for the lessons that are not done."""
        return sum(lesson.minutes for lesson in self.lessons if lesson.state != "done")

    @property
    def state(self) -> LessonState:
        if self.lessons and self.done == len(self.lessons):
            return "done"
        started = any(lesson.state != "new" for lesson in self.lessons)
        return "started" if started else "new"


@dataclass(frozen=True, slots=True)
class CourseSummary:
    """A whole course. Times in seconds."""

    units: tuple[UnitSummary, ...]
    streak: int
    """Days in a row with something done, up to today, or to yesterday while today has nothing."""
    today: float
    week: float
    """Since Monday."""
    total: float

    @property
    def lessons(self) -> tuple[LessonSummary, ...]:
        return tuple(lesson for unit in self.units for lesson in unit.lessons)

    @property
    def lessons_done(self) -> int:
        return sum(unit.done for unit in self.units)

    @property
    def tasks_done(self) -> int:
        return sum(lesson.done for lesson in self.lessons)

    @property
    def tasks(self) -> int:
        return sum(lesson.tasks for lesson in self.lessons)


def summarize(
    units: Sequence[UnitOutline],
    lessons: Mapping[str, LessonProgress],
    days: Mapping[str, Day],
    today: date,
) -> CourseSummary:
    """The course's state on the calendar day `today`.

    `lessons` and `days` are what `ProgressStore.lessons()` and `.days()` give; lessons that the
    course no longer has count for the time, not for the course.
    """
    monday = today - timedelta(days=today.weekday())
    dated = {date.fromisoformat(name): day for name, day in days.items()}
    return CourseSummary(
        units=tuple(
            UnitSummary(
                unit.id,
                unit.title,
                tuple(
                    _lesson(lesson, lessons.get(lesson.id, LessonProgress(lesson.id)))
                    for lesson in unit.lessons
                ),
            )
            for unit in units
        ),
        streak=_streak({day for day, what in dated.items() if what.deeds}, today),
        today=dated.get(today, Day()).seconds,
        week=sum(what.seconds for day, what in dated.items() if monday <= day <= today),
        total=sum(what.seconds for what in dated.values()),
    )


def _lesson(lesson: LessonOutline, progress: LessonProgress) -> LessonSummary:
    return LessonSummary(
        lesson.id,
        lesson.title,
        lesson.minutes,
        progress.state(lesson.tasks),
        progress.done(lesson.tasks),
        len(lesson.tasks),
        progress.seconds,
    )


def _streak(active: set[date], today: date) -> int:
    day = today if today in active else today - timedelta(days=1)
    length = 0
    while day in active:
        length += 1
        day -= timedelta(days=1)
    return length
