"""Counts, minutes and streak of a course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from tutor.progress.model import BlockProgress, Day, LessonProgress
from tutor.progress.summary import summarize


@dataclass(frozen=True)
class Lesson:
    id: str
    minutes: int
    tasks: tuple[str, ...]
    title: str = "A lesson"


@dataclass(frozen=True)
class Unit:
    id: str
    lessons: tuple[Lesson, ...]
    title: str = "A unit"


UNITS = (
    Unit("t", (Lesson("t/a", 10, ("x", "y")), Lesson("t/b", 20, ("z",)))),
    Unit("n", (Lesson("n/a", 30, ("w",)),)),
)
WEDNESDAY = date(2026, 3, 18)


def progress(lesson: str, *done: str, tried: tuple[str, ...] = (), seconds: float = 0.0):
    blocks = {block: BlockProgress(block, "done", 1) for block in done}
    blocks |= {block: BlockProgress(block, "tried", 1) for block in tried}
    return LessonProgress(lesson, blocks, seconds=seconds)


def test_units_and_lessons_are_counted() -> None:
    lessons = {
        "t/a": progress("t/a", "x", "y", seconds=90),
        "t/b": progress("t/b", tried=("z",)),
        "gone/lesson": progress("gone/lesson", "q"),
    }
    summary = summarize(UNITS, lessons, {}, WEDNESDAY)
    tensors, networks = summary.units
    assert [(x.id, x.state, x.done, x.tasks, x.seconds) for x in tensors.lessons] == [
        ("t/a", "done", 2, 2, 90),
        ("t/b", "started", 0, 1, 0),
    ]
    assert (tensors.state, tensors.done, tensors.minutes, tensors.minutes_left) == (
        "started",
        1,
        30,
        20,
    )
    assert (networks.state, networks.done) == ("new", 0)
    assert (summary.lessons_done, summary.tasks_done, summary.tasks) == (1, 2, 4)


def test_a_task_that_the_course_no_longer_has_does_not_count() -> None:
    summary = summarize(UNITS, {"t/b": progress("t/b", "z", "dropped")}, {}, WEDNESDAY)
    assert summary.tasks_done == 1
    assert summary.units[0].lessons[1].state == "done"


def test_the_week_begins_on_monday() -> None:
    days = {
        "2026-03-15": Day(1000, 1),  # Sunday
        "2026-03-16": Day(200, 1),
        "2026-03-18": Day(30, 1),
    }
    summary = summarize(UNITS, {}, days, WEDNESDAY)
    assert (summary.today, summary.week, summary.total) == (30, 230, 1230)


@pytest.mark.parametrize(
    ("active", "streak"),
    [
        ([], 0),
        ([18], 1),
        ([17], 1),  # today is not over yet
        ([16], 0),
        ([15, 16, 17, 18], 4),
        ([14, 16, 17], 2),
    ],
)
def test_the_streak_counts_days_in_a_row(active: list[int], streak: int) -> None:
    days = {f"2026-03-{day}": Day(5, 1) for day in active}
    assert summarize(UNITS, {}, days, WEDNESDAY).streak == streak


def test_reading_alone_makes_no_streak() -> None:
    assert summarize(UNITS, {}, {"2026-03-18": Day(600, 0)}, WEDNESDAY).streak == 0
