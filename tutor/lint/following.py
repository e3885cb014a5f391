"""How far a lint run is: a bar on a terminal, a line a lesson elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tutor.lint.bench import Proof
from tutor.lint.pool import Task
from tutor.text import sanitize, seconds_text

NAMES = 3
"""Lessons in flight that are named."""


class Follower:
    """Told of every lesson that begins and ends; writes to standard error."""

    def __init__(self, total: int, console: Console, bar: Progress) -> None:
        self._total = total
        self._console = console
        self._bar = bar
        self._row = bar.add_task("starting", total=total)
        self._began: dict[str, float] = {}
        self._done = 0
        self._errors = 0

    def began(self, task: Task) -> None:
        self._began[task.lesson.id] = time.monotonic()
        self._show()

    def ended(self, task: Task, proof: Proof) -> None:
        seconds = time.monotonic() - self._began.pop(task.lesson.id)
        self._done += 1
        self._errors += sum(finding.level == "error" for finding in proof.findings)
        if not self._console.is_terminal:
            number = f"{self._done:>{len(str(self._total))}}/{self._total}"
            line = f"{number}  {task.lesson.id}  {outcome(proof)}, {seconds_text(seconds)}"
            self._console.print(sanitize(line), markup=False, highlight=False, soft_wrap=True)
        self._show()

    def refresh(self) -> None:
        """Draw the bar now."""
        self._bar.refresh()

    def _show(self) -> None:
        words = in_flight(tuple(self._began))
        if self._errors:
            words = f"{self._errors} error{'s' * (self._errors != 1)} so far · {words}"
        self._bar.update(self._row, completed=self._done, description=escape(sanitize(words)))


@contextmanager
def following(total: int, console: Console | None = None) -> Iterator[Follower]:
    """A follower, whose bar is gone afterwards."""
    console = console or Console(stderr=True)
    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield Follower(total, console, bar)


def in_flight(lessons: tuple[str, ...]) -> str:
    """`tensors/create, tensors/shapes and 2 more`."""
    more = len(lessons) - NAMES
    named = ", ".join(lessons[:NAMES])
    return f"{named} and {more} more" if more > 0 else named


def outcome(proof: Proof) -> str:
    """`clean: 243 attempts, 25 mutants` or `2 errors, 1 warning: …`."""
    counts = {
        level: sum(finding.level == level for finding in proof.findings)
        for level in ("error", "warning", "note")
    }
    found = ", ".join(
        f"{count} {level}{'s' * (count != 1)}" for level, count in counts.items() if count
    )
    return f"{found or 'clean'}: {proof.attempts} attempts, {proof.mutants} mutants"
