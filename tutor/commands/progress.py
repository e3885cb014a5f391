"""`torch-tutor progress`: what the learner has done, as a table, as plain lines, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from tutor.commands.arguments import add_pack
from tutor.progress.model import LessonState
from tutor.progress.summary import CourseSummary, summarize
from tutor.text import sanitize

DESCRIPTION = "Show what you have done so far, and how long it took."

_MARKS: dict[LessonState, str] = {"done": "✓", "started": "◐", "new": "○"}
_WORDS: dict[LessonState, str] = {"done": "done", "started": "started", "new": "not started"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_pack(parser)
    parser.add_argument("--json", action="store_true", help="for programs: everything as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the progress; returns 0."""
    from tutor.commands.course import open_pack, open_progress
    from tutor.paths import paths

    pack = open_pack(args.pack, paths().cache)
    progress = open_progress(paths(), pack)
    try:
        summary = summarize(pack.units, progress.lessons(), progress.days(), date.today())
    finally:
        progress.close()
    if args.json:
        print(json.dumps(as_json(pack.id, pack.title, summary), indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(pack.title, summary)
    else:
        print("\n".join(plain_lines(pack.title, summary)))
    return 0


def plain_lines(title: str, summary: CourseSummary) -> list[str]:
    """One line a lesson, for pipes and screen readers; never cut."""
    lines = [sanitize(title), *headlines(summary)]
    width = max((len(sanitize(lesson.title)) for lesson in summary.lessons), default=0)
    for unit in summary.units:
        lines += ["", f"{sanitize(unit.title)}: {unit.done} of {len(unit.lessons)} lessons"]
        for lesson in unit.lessons:
            row = (
                f"  {_MARKS[lesson.state]} {sanitize(lesson.title):<{width}}  "
                f"{lesson.done}/{lesson.tasks}  {_WORDS[lesson.state]}"
            )
            lines.append(row + (f", {minutes(lesson.seconds)}" if lesson.seconds else ""))
    return lines


def headlines(summary: CourseSummary) -> list[str]:
    """Counts, times and streak in one or two sentences."""
    lines = [
        f"{summary.lessons_done} of {len(summary.lessons)} lessons and "
        f"{summary.tasks_done} of {summary.tasks} tasks done."
    ]
    if summary.total:
        lines.append(f"Time: {minutes(summary.week)} this week, {minutes(summary.total)} in all.")
    if summary.streak:
        days = "1 day" if summary.streak == 1 else f"{summary.streak} days in a row"
        lines.append(f"Streak: {days}.")
    if not summary.tasks_done:
        lines.append("Nothing is done yet: `torch-tutor` starts with the first lesson.")
    return lines


def as_json(pack_id: str, title: str, summary: CourseSummary) -> dict[str, Any]:
    """Everything as data; times in seconds, `minutes` being the author's estimate."""
    return {
        "pack": pack_id,
        "title": title,
        "lessons_done": summary.lessons_done,
        "lessons": len(summary.lessons),
        "tasks_done": summary.tasks_done,
        "tasks": summary.tasks,
        "streak_days": summary.streak,
        "seconds": {
            "today": round(summary.today, 1),
            "week": round(summary.week, 1),
            "total": round(summary.total, 1),
        },
        "units": [
            {
                "id": unit.id,
                "title": unit.title,
                "state": unit.state,
                "lessons": [
                    {
                        "id": lesson.id,
                        "title": lesson.title,
                        "state": lesson.state,
                        "done": lesson.done,
                        "tasks": lesson.tasks,
                        "minutes": lesson.minutes,
                        "seconds": round(lesson.seconds, 1),
                    }
                    for lesson in unit.lessons
                ],
            }
            for unit in summary.units
        ],
    }


def minutes(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, rest = divmod(int(seconds) // 60, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _print_table(title: str, summary: CourseSummary) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"done": "green", "started": "yellow", "new": "dim"}
    table = Table(box=box.SIMPLE_HEAD, title=Text(sanitize(title), "bold"), title_justify="left")
    table.add_column("")
    table.add_column("lesson", overflow="fold")
    table.add_column("done", justify="right")
    table.add_column("estimate", justify="right")
    table.add_column("spent", justify="right")
    for unit in summary.units:
        table.add_row(
            Text(_MARKS[unit.state], colours[unit.state]),
            Text(sanitize(unit.title), "bold"),
            Text(f"{unit.done}/{len(unit.lessons)}", "bold"),
            f"{unit.minutes} min",
            "",
        )
        for number, lesson in enumerate(unit.lessons, 1):
            table.add_row(
                Text(_MARKS[lesson.state], colours[lesson.state]),
                Text("  " + sanitize(lesson.title)),
                f"{lesson.done}/{lesson.tasks}",
                f"{lesson.minutes} min",
                minutes(lesson.seconds) if lesson.seconds else "",
                end_section=number == len(unit.lessons),
            )
    console = Console()
    console.print(table)
    for line in headlines(summary):
        console.print(Text(line))
