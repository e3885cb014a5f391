"""What is printed of a lint run, and what its exit code says."""

from __future__ import annotations

from pathlib import Path

from tutor.course.errors import LessonError, Level
from tutor.course.model import Place
from tutor.lint.reading import contains, read_by_learner
from tutor.lint.report import Report, report_lines
from tutor.session.snapshot import Problem, Verdict
from tutor.wire.messages import Failure


def finding(file: str, line: int, level: Level = "error") -> LessonError:
    return LessonError(Place(Path(file), line), f"text {line}", level)


def test_findings_come_by_file_and_line_and_are_counted() -> None:
    report = Report(
        (
            finding("b.md", 2, "warning"),
            finding("a.md", 10),
            finding("a.md", 9),
            finding("a.md", 9),
        ),
        lessons=2,
        cells=1,
        attempts=12,
        seconds=3.21,
    )
    assert list(report_lines(report)) == [
        "a.md:9: ✗ error: text 9",
        "a.md:10: ✗ error: text 10",
        "b.md:2: ! warning: text 2",
        "2 errors, 1 warning · 2 lessons, 1 cell run, 12 attempts checked in 3.2 s",
    ]
    assert report.exit_code == 1


def test_mutants_lessons_left_out_and_lessons_not_reached_are_told() -> None:
    report = Report((), lessons=1, attempts=9, mutants=12, survivors=2, unchanged=3, seconds=2)
    assert list(report_lines(report)) == [
        "Nothing to complain of · 1 lesson, 0 cells run, 9 attempts checked, "
        "10 of 12 mutants failed in 2.0 s; 3 unchanged since proved clean"
    ]
    *_, last = report_lines(Report((), lessons=1, left=2))
    assert last == "Stopped: 2 lessons not proved; the above was found so far."


def test_warnings_do_not_fail() -> None:
    assert Report((finding("a.md", 1, "warning"), finding("a.md", 1, "note"))).exit_code == 0
    assert list(report_lines(Report((), lessons=1))) == ["Nothing to complain of · 1 lesson"]


def test_a_learner_reads_message_feedback_difference_and_case() -> None:
    failure = Failure("M.", case="f(x)", difference="row 0", feedback="F.", misconception="tag")
    text = read_by_learner(Verdict(False, True, failure=failure))
    assert text == "M.\nF.\nrow 0\nf(x)"
    crashed = Verdict(False, False, problem=Problem("NameError", "no x", advice="Try y."))
    assert read_by_learner(crashed) == "NameError: no x\nTry y."


def test_feedback_is_compared_without_minding_space_and_quotes() -> None:
    assert contains("You used\n   “sum” here.", 'used "sum" here')
    assert not contains("You used sum.", "you used")
