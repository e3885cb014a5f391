"""State in three ways at once: a glyph, a word and a tone that the theme colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content

from tutor.session.snapshot import CellRun, Verdict
from tutor.text import seconds_text

Tone = Literal["idle", "busy", "good", "bad", "warn"]

STYLES: dict[Tone, str] = {
    "idle": "$text-muted",
    "busy": "$text-primary",
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
}
"""Content style of each tone."""


@dataclass(frozen=True, slots=True)
class Status:
    """How something stands. `glyph` and `word` carry all of it; the tone only repeats it."""

    glyph: str
    word: str
    tone: Tone

    def content(self) -> Content:
        return Content.styled(f"{self.glyph} {self.word}", STYLES[self.tone])

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


WAITING = Status("?", "waits for your input", "warn")
"""A run that called `input()`."""


def run_status(run: CellRun | None, text_changed: bool = False, expected: str = "") -> Status:
    """How the latest run of a cell stands; `text_changed` when its editor differs by now.

    `expected` names the exception that the lesson wants to show: then it is no mistake.
    """
    if run is None:
        return Status("○", "not run", "idle")
    time = seconds_text(run.seconds)
    match run.state:
        case "queued":
            return Status("◌", "queued", "busy")
        case "running":
            return Status("●", f"running {time}", "busy")
        case "interrupted":
            return Status("◼", f"interrupted after {time}", "warn")
        case "lost":
            return Status("✗", "lost: the worker ended", "bad")
        case "error":
            changed = ", changed since" if text_changed else ""
            if expected and run.problem is not None and run.problem.kind == expected:
                return Status("✓", f"{expected}, as intended{changed}", "good")
            return Status("✗", f"error{changed}", "bad")
    if text_changed:
        return Status("!", "stale: changed since it ran", "warn")
    if run.stale:
        return Status("!", "stale: an earlier cell changed", "warn")
    return Status("✓", f"done {time}", "good")


def exercise_status(
    run: CellRun | None,
    verdict: Verdict | None,
    *,
    checking: bool = False,
    text_changed: bool = False,
    attempts: int = 0,
) -> Status:
    """How an exercise stands: the verdict first, else its run."""
    if checking:
        return Status("●", "checking", "busy")
    if run is not None and run.state in ("queued", "running"):
        return run_status(run)
    if verdict is None:
        return run_status(run, text_changed)
    if verdict.passed:
        if text_changed:
            return Status("✓", "passed, changed since", "good")
        return Status("✓", "passed", "good")
    if verdict.broken:
        return Status("!", "the check failed, not you", "warn")
    attempt = f" · attempt {attempts}" if attempts else ""
    return Status("✗", f"not yet{attempt}", "bad")
