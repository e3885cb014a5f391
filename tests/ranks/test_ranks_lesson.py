"""`ranks=` in a lesson file, and what it means for the lesson's worker."""

from __future__ import annotations

import pytest

from tests.course.conftest import FRONT, PATH
from tutor.course.errors import CourseError
from tutor.course.model import Cell, Exercise, Lesson
from tutor.course.parse import parse_lesson
from tutor.course.parts import RANKS_TIMEOUT
from tutor.lint.codes import code_of


def lesson(attributes: str) -> Lesson:
    body = f"```python cell id=a\n1\n```\n\n```python cell id=b {attributes}\nx\n```\n"
    return parse_lesson(f"{FRONT}\n# One lesson\n\n## Part\n\n{body}", PATH)


def cell(attributes: str) -> Cell:
    found = lesson(attributes).block("b")
    assert isinstance(found, Cell)
    return found


def test_a_cell_may_run_on_ranks_and_then_has_a_network_and_less_time() -> None:
    found = cell("ranks=2")
    assert (found.ranks, found.network, found.timeout) == (2, "loopback", RANKS_TIMEOUT)
    assert code_of(found).ranks == 2
    assert cell("ranks=3 timeout=50").timeout == 50
    plain = cell("")
    assert (plain.ranks, plain.network, plain.timeout) == (0, "none", 60.0)


def test_one_such_cell_gives_the_whole_lesson_a_network() -> None:
    assert lesson("ranks=2").network == "loopback"
    assert lesson("network=loopback").network == "loopback"
    assert lesson("").network == "none"


def exercise(check: str, attributes: str = "") -> Exercise:
    body = (
        f"```python exercise id=b {attributes}\nx = 1\n```\n\n"
        "```python solution for=b\nx = 2\n```\n\n"
        f"```python check for=b\ndef check(s):\n    {check}\n```\n\n"
        '```toml hints for=b\nsteps = ["a", "b", "c"]\nlearnt = "d"\n```\n'
    )
    found = parse_lesson(f"{FRONT}\n# One lesson\n\n## Part\n\n{body}", PATH).block("b")
    assert isinstance(found, Exercise)
    return found


def test_an_exercise_whose_check_runs_on_ranks_has_a_network_and_time_for_it() -> None:
    found = exercise('s.ranks(2, s.function("f"))')
    assert (found.network, found.timeout) == ("loopback", RANKS_TIMEOUT)
    assert exercise('s.ranks(2, "")', "timeout=40").timeout == 40
    plain = exercise('s.fail("no s.ranks(2) here")')
    assert (plain.network, plain.timeout) == ("none", 10.0)


@pytest.mark.parametrize("wrong", ["ranks=0", "ranks=9", "ranks=two", "ranks"])
def test_a_wrong_number_of_ranks_is_told(wrong: str) -> None:
    with pytest.raises(CourseError, match="ranks"):
        cell(wrong)
