"""Cells and checks that take too long are noted, measured against what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course.model import Cell, Exercise, Place
from tutor.course.parse import parse_lesson
from tutor.lint.judging import slow_cell, slow_check
from tutor.session.snapshot import CellRun, Verdict

PLACE = Path("one.md")


@pytest.fixture
def task(front: str, exercise: str) -> Exercise:
    block = parse_lesson(front + exercise, PLACE).block("double")
    assert isinstance(block, Exercise)
    return block


@pytest.mark.parametrize(
    ("seconds", "panel", "ranks", "noted"),
    [
        (1.9, "", 0, ""),
        (2.1, "", 0, "`a` took 2.1 s; expected 2 s at most"),
        (2.1, "tensors", 0, "`a` took 2.1 s; expected 2 s at most"),
        (9.9, "training", 0, ""),
        (10.5, "training", 0, "`a` took 10.5 s; expected 10 s at most"),
        (9.9, "", 2, ""),
        (10.5, "", 2, "`a` took 10.5 s; expected 10 s at most"),
    ],
)
def test_cells_have_a_budget(seconds: float, panel: str, ranks: int, noted: str) -> None:
    cell = Cell("a", "1", Place(PLACE, 7), panel=panel, ranks=ranks)
    finding = slow_cell(cell, CellRun("a", "done", "1", 1, seconds=seconds))
    assert (finding.text if finding else "") == noted
    if finding:
        assert (finding.level, finding.place.line) == ("note", 7)


def test_checks_have_a_budget(task: Exercise) -> None:
    assert slow_check(task, Verdict(True, True, seconds=1.9)) is None
    finding = slow_check(task, Verdict(True, True, seconds=2.6))
    assert finding is not None
    assert finding.text == "the check of `double` took 2.6 s; expected 2 s at most"
    assert finding.level == "note"
