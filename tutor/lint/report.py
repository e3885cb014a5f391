"""What the lint found, as text. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tutor.course.errors import LessonError, Level, shown
from tutor.text import seconds_text

_MARKS: dict[Level, str] = {"error": "✗ error", "warning": "! warning", "note": "· note"}


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run; the counts are of what was proved in it."""

    findings: tuple[LessonError, ...]
    lessons: int = 0
    cells: int = 0
    attempts: int = 0
    mutants: int = 0
    survivors: int = 0
    """Mutants that passed."""
    unchanged: int = 0
    """Lessons that were proved clean before, and are the same."""
    left: int = 0
    """Lessons that were not proved to their end, because the run was stopped."""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Warnings and notes do not fail a run."""
        return any(finding.level == "error" for finding in self.findings)

    @property
    def exit_code(self) -> int:
        return 1 if self.failed else 0


def report_lines(report: Report) -> Iterable[str]:
    """The findings by file and line, each with its level, and a last line that sums up."""
    ordered = sorted(set(report.findings), key=_order)
    for finding in ordered:
        place = f"{shown(finding.place.file)}:{finding.place.line}"
        yield f"{place}: {_MARKS[finding.level]}: {finding.text}"
    counts = Counter(finding.level for finding in ordered)
    found = ", ".join(
        _count(counts[level], level) for level in ("error", "warning", "note") if counts[level]
    )
    proved = [_count(report.lessons, "lesson")]
    if report.cells or report.attempts:
        proved += [
            f"{_count(report.cells, 'cell')} run",
            f"{_count(report.attempts, 'attempt')} checked",
        ]
    if report.mutants:
        killed = report.mutants - report.survivors
        proved.append(f"{killed} of {_count(report.mutants, 'mutant')} failed")
    yield (
        f"{found or 'Nothing to complain of'} · {', '.join(proved)}"
        + (f" in {seconds_text(report.seconds)}" if report.seconds else "")
        + (f"; {report.unchanged} unchanged since proved clean" if report.unchanged else "")
    )
    if report.left:
        yield f"Stopped: {_count(report.left, 'lesson')} not proved; the above was found so far."


def _order(finding: LessonError) -> tuple[str, int, str]:
    return str(finding.place.file), finding.place.line, finding.text


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
