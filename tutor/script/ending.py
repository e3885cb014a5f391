"""How a script's run ended: one sentence, one mark, and the exit code to pass on."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.session.snapshot import CellRun
from tutor.text import seconds_text

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Ending:
    """`mark` is ✓, ✗ or ◼."""

    mark: str
    sentence: str
    code: int

    def __str__(self) -> str:
        return f"{self.mark} {self.sentence}"


def ending_of(name: str, run: CellRun) -> Ending | None:
    """How `run` of the script `name` ended; None while it has not."""
    after = f"after {seconds_text(run.seconds)}"
    code = run.exit_code
    match run.state:
        case "done":
            return Ending("✓", f"{name} ended {after}, exit code 0.", 0)
        case "interrupted":
            how = "was stopped" if code == INTERRUPTED else "was ended"
            return Ending("◼", f"{name} {how} {after}, exit code {code}.", code)
        case "error" | "lost":
            return Ending("✗", f"{name} {_why(run)} {after}, exit code {code}.", code)
    return None


def _why(run: CellRun) -> str:
    problem = run.problem
    if problem is None:
        return "ended"
    if problem.kind == "SystemExit" or run.state == "lost":
        return "ended itself" if run.exit_code < 128 else "was lost"
    article = "an" if problem.kind[:1] in "AEIOU" else "a"
    where = f" in line {problem.line}" if problem.line else ""
    return f"ended with {article} {problem.kind}{where}"
