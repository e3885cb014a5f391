"""Streak and time on the course map."""

from __future__ import annotations

from tutor.progress.summary import CourseSummary, LessonSummary, UnitSummary
from tutor.ui.pace import pace_line


def summary(done: int, streak: int, week: float) -> CourseSummary:
    lesson = LessonSummary("a", "A", 10, "started", done, 16, week)
    return CourseSummary((UnitSummary("u", "U", (lesson,)),), streak, 0.0, week, week)


def test_nothing_is_said_before_the_first_deed() -> None:
    assert pace_line(summary(0, 0, 0.0)) == ""


def test_streak_time_and_tasks_in_one_line() -> None:
    assert (
        pace_line(summary(3, 4, 11_405.0)) == "streak 4 days · 3 h 10 min this week · 3 of 16 tasks"
    )
    assert pace_line(summary(1, 1, 30.0)) == "streak 1 day · 1 of 16 tasks"
