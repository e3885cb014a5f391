"""Answers to questions: judged by meaning, explained in the author's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course.model import Choice, Place, Quiz
from tutor.course.quiz import judge

PLACE = Place(Path("a.md"), 1)
CHOICES = (
    Choice("red", False, "no red"),
    Choice("green", True, "yes green"),
    Choice("blue", True, "yes blue"),
)


def question(kind: str, accept: tuple[str, ...] = (), wrong: dict[str, str] | None = None) -> Quiz:
    choices = CHOICES if kind == "multi" else CHOICES[:2]
    return Quiz("q", kind, "?", PLACE, "", choices, accept, wrong or {}, "because")


def test_the_right_choice_and_its_reason() -> None:
    judgement = judge(question("choice"), ("1",))
    assert judgement.correct
    assert judgement.feedback == (("green", "yes green"),)
    assert judgement.explain == "because"


def test_a_wrong_choice_hears_why() -> None:
    judgement = judge(question("choice"), ("0",))
    assert not judgement.correct
    assert judgement.feedback == (("red", "no red"),)


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        (("1", "2"), True),
        (("2", "1"), True),
        (("1",), False),
        ((), False),
        (("0", "1", "2"), False),
    ],
)
def test_multi_wants_exactly_the_right_set(answer: tuple[str, ...], correct: bool) -> None:
    assert judge(question("multi"), answer).correct is correct


def test_multi_says_how_many_are_missing_only_to_who_is_on_the_way() -> None:
    assert ("", "So far so good: one more is right.") in judge(question("multi"), ("1",)).feedback
    assert judge(question("multi"), ("0", "1")).feedback == (
        ("red", "no red"),
        ("green", "yes green"),
    )


@pytest.mark.parametrize("answer", [("3",), ("-1",), ("x",), ("1 ",)])
def test_an_index_that_is_no_choice_is_a_mistake_of_the_caller(answer: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no choice"):
        judge(question("choice"), answer)


@pytest.mark.parametrize(
    ("typed", "wanted", "correct"),
    [
        ("tensor([1, 2])", "tensor([1, 2])", True),
        ("tensor( [ 1,2 ] )", "tensor([1, 2])", True),
        (" tensor([1.,\n 2.0]) ", "tensor([1, 2])", True),
        ("tensor([0.33333, 1])", "tensor([0.3333, 1.0000])", True),
        ("tensor([0.33, 1])", "tensor([0.3333, 1.0000])", False),
        ("1e-3", "0.001", True),
        ("-1", "1", False),
        ("−1", "-1", True),
        ("10000.5", "10000", True),
        ("10010", "10000", False),
        ("[1, 2, 3]", "[1, 2]", False),
        ("True", "true", False),
        ("float32", "float64", False),
        ("(2,)", "(2)", True),
        ("a b", "ab", False),
        ("", "0", False),
    ],
)
def test_a_predicted_output_is_compared_by_meaning(typed: str, wanted: str, correct: bool) -> None:
    assert judge(question("predict", (wanted,)), (typed,)).correct is correct


@pytest.mark.parametrize(
    ("typed", "wanted", "correct"),
    [
        ("(8, 7, 6)", "(8, 7, 6)", True),
        ("8x7x6", "(8, 7, 6)", True),
        ("8 × 7 × 6", "(8, 7, 6)", True),
        ("[8 7 6]", "(8, 7, 6)", True),
        ("torch.Size([8, 7, 6])", "(8, 7, 6)", True),
        ("8, 6, 7", "(8, 7, 6)", False),
        ("876", "(8, 7, 6)", False),
        ("2", "(2,)", True),
        ("()", "()", True),
        ("scalar", "()", True),
        ("error", "()", False),
        ("Error!", "error", True),
        ("an error", "(2,)", False),
        ("-2, 3", "(2, 3)", False),
        ("2.0", "(2,)", False),
        ("", "()", False),
    ],
)
def test_a_shape_is_its_integers_in_order(typed: str, wanted: str, correct: bool) -> None:
    assert judge(question("shape", (wanted,)), (typed,)).correct is correct


def test_a_foreseen_mistake_is_explained_however_it_is_written() -> None:
    quiz = question("shape", ("(2, 3)",), {"(3, 2)": "turned", "error": "it works"})
    assert judge(quiz, ("3x2",)).feedback == (("3x2", "turned"),)
    assert judge(quiz, ("ERROR",)).feedback == (("ERROR", "it works"),)
    assert judge(quiz, ("9",)).feedback == ()


def test_an_unknown_kind_asks_for_a_newer_version() -> None:
    with pytest.raises(ValueError, match="newer torch-tutor"):
        judge(question("later"), ())
