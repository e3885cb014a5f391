"""Streak and time in a few words, for the course map."""

from __future__ import annotations

from tutor.progress.summary import CourseSummary


def pace_line(summary: CourseSummary) -> str:
    """`streak 4 days · 3 h 10 min this week · 12 of 48 tasks`; "" before the first deed."""
    if not summary.tasks_done and not summary.total:
        return ""
    parts = []
    if summary.streak:
        parts.append(f"streak {summary.streak} day{'s' if summary.streak > 1 else ''}")
    if summary.week >= 60:
        parts.append(f"{_time(summary.week)} this week")
    parts.append(f"{summary.tasks_done} of {summary.tasks} tasks")
    return " · ".join(parts)


def _time(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
