"""Findings from what ran: a cell, or the verdict on a starter, a right or a wrong answer. Pure."""

from __future__ import annotations

import re

from tutor.course.errors import LessonError, Level
from tutor.course.model import Attempt, Cell, Exercise, Place
from tutor.lint.outputs import difference, shown_text
from tutor.lint.reading import contains, read_by_learner
from tutor.session.snapshot import CellRun, Verdict

_LINE = re.compile(r"\bline (\d+)")

CELL_SECONDS, TRAINING_SECONDS = 2.0, 10.0
"""What a cell may take: one to look at, and one whose progress is watched."""
CHECK_SECONDS = 2.0
"""What a check may take before the learner wonders."""


def crash(cell: Cell, run: CellRun) -> LessonError | None:
    """The cell did not end as it was meant to: an error, or none where one was expected."""
    kind = run.problem.kind.rpartition(".")[2] if run.problem else ""
    if cell.expect and run.state == "error" and kind == cell.expect:
        return None
    if not cell.expect and run.state == "done":
        return None
    line = cell.place.line + (run.problem.line if run.problem else 0)
    if run.state == "done":
        what = f"`{cell.id}` ran without an error; expected {cell.expect}"
    else:
        said = f"{kind}: {run.problem.message}" if run.problem else run.state
        expected = f"; expected {cell.expect}" if cell.expect else ""
        what = f"`{cell.id}` ended with {said}{expected}"
    return LessonError(Place(cell.place.file, line), what)


def wrong_output(cell: Cell, run: CellRun) -> LessonError | None:
    """What a cell showed is not what its author wrote down, or nothing was written down."""
    text = shown_text(run)
    if cell.output is not None:
        found = difference(cell.output, text)
        return LessonError(cell.output.place, f"`{cell.id}`: {found}") if found else None
    if text and not cell.expect:
        return LessonError(
            cell.place,
            f'`{cell.id}` shows something; add a block "```text output for={cell.id}"',
            "warning",
        )
    return None


def slow_cell(cell: Cell, run: CellRun) -> LessonError | None:
    """A note, since a busy machine makes any cell slow."""
    watched = cell.panel == "training" or cell.ranks
    budget = TRAINING_SECONDS if watched else CELL_SECONDS
    if run.seconds <= budget:
        return None
    text = f"`{cell.id}` took {run.seconds:.1f} s; expected {budget:.0f} s at most"
    return LessonError(cell.place, text, "note")


def slow_check(exercise: Exercise, verdict: Verdict) -> LessonError | None:
    """The same for the check of a solution."""
    if verdict.seconds <= CHECK_SECONDS:
        return None
    text = f"the check of `{exercise.id}` took {verdict.seconds:.1f} s; "
    return _at(exercise.checks_place, f"{text}expected {CHECK_SECONDS:.0f} s at most", "note")


def starter_finding(exercise: Exercise, verdict: Verdict) -> LessonError | None:
    """A starter must fail, with something to read, and run far enough to be checked."""
    broken = broken_finding(exercise, verdict, "the starter")
    if broken:
        return broken
    if verdict.passed:
        return _at(exercise.place, f"the starter of `{exercise.id}` passes: there is no task left")
    if not verdict.ran:
        return _at(
            exercise.place,
            f"the starter of `{exercise.id}` stops before it can be checked: "
            f"{read_by_learner(verdict)}",
            "warning",
        )
    if not read_by_learner(verdict):
        return _at(exercise.checks_place, f"`{exercise.id}`: the starter fails without a word")
    return None


def right_finding(
    exercise: Exercise, verdict: Verdict, place: Place, what: str, seed: int
) -> LessonError | None:
    """A solution or another right answer must pass."""
    broken = broken_finding(exercise, verdict, what)
    if broken or verdict.passed:
        return broken
    title = f" “{verdict.title}”" if verdict.title else ""
    return _at(
        place,
        f"{what} of `{exercise.id}` fails{title} with seed {seed}: {_one_line(verdict)}",
    )


def wrong_finding(
    exercise: Exercise, attempt: Attempt, verdict: Verdict, seed: int
) -> LessonError | None:
    """A wrong answer must fail, and its feedback must be among what the learner reads."""
    broken = broken_finding(exercise, verdict, "a wrong answer")
    if broken:
        return broken
    if verdict.passed:
        return _at(attempt.place, f"this wrong answer to `{exercise.id}` passes with seed {seed}")
    if not contains(read_by_learner(verdict), attempt.feedback):
        return _at(
            attempt.place,
            f"with seed {seed} the learner does not read “{attempt.feedback}” but: "
            f"{_one_line(verdict)}",
        )
    return None


def broken_finding(exercise: Exercise, verdict: Verdict, what: str) -> LessonError | None:
    """The check itself crashed, which is never the learner's fault."""
    if not verdict.broken:
        return None
    place = exercise.checks_place
    numbers = [int(n) for n in _LINE.findall(verdict.broken)]
    inside = [n for n in numbers if 0 < n <= exercise.checks.count("\n") + 1]
    line = place.line + (inside[-1] if inside else 0)
    return LessonError(
        Place(place.file, line), f"the check of `{exercise.id}` broke on {what}: {verdict.broken}"
    )


def _at(place: Place, text: str, level: Level = "error") -> LessonError:
    return LessonError(place, text, level)


def _one_line(verdict: Verdict) -> str:
    return " / ".join(read_by_learner(verdict).split("\n")) or "nothing"
