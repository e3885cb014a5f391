"""predict and shape: one typed answer, compared without minding how it was spaced."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.model import Quiz
from tutor.course.quizzes.base import Feedback, QuizKind
from tutor.course.tables import explanations_of, text_of, texts_of

TOLERANCE = 1e-4
"""Absolute and relative, for each number of a predicted output."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_BRACKETS = re.compile(r"\s*([\[\](){},:=])\s*")

Same = Callable[[str, str], bool]


def same_text(answer: str, wanted: str) -> bool:
    """Equal but for spaces; numbers within `TOLERANCE`, so `1` is `1.` is `1.00001`."""
    skeleton, numbers = _taken_apart(answer)
    wanted_skeleton, wanted_numbers = _taken_apart(wanted)
    return skeleton == wanted_skeleton and all(
        math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        for a, b in zip(numbers, wanted_numbers, strict=True)
    )


def same_shape(answer: str, wanted: str) -> bool:
    """The same integers in the same order, however written: `8 × 7`, `(8, 7)`, `[8,7]`."""
    shape = read_shape(answer)
    return shape is not None and shape == read_shape(wanted)


def read_shape(text: str) -> tuple[int, ...] | str | None:
    """The integers in `text`, "error" for an error, None for anything else."""
    plain = re.sub(r"\s+", " ", text.strip().lower())
    plain = plain.removeprefix("torch.size")
    if plain.strip(" .!()") == "error":
        return "error"
    if plain in ("scalar", "()", "[]", "([])"):
        return ()
    if not re.fullmatch(r"[\s\[\](),x×*\d]*\d[\s\[\](),x×*\d]*", plain):
        return None
    return tuple(map(int, re.findall(r"\d+", plain)))


def _taken_apart(text: str) -> tuple[str, list[float]]:
    text = _BRACKETS.sub(r"\1", " ".join(text.replace("−", "-").split()))
    text = re.sub(r",(?=[\])}])", "", text)
    return _NUMBER.sub("#", text), [float(n) for n in _NUMBER.findall(text)]


def reader(
    same: Same, form: Callable[[str], bool], expected: str
) -> Callable[[Mapping[str, Any], int, Complaints], dict[str, Any]]:
    """Reads `answer`, `accept` and `[wrong]`, each text of the `form` that was `expected`."""

    def read(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
        answer = text_of(table, "answer", "the question", line, complaints)
        accept = (answer, *texts_of(table, "accept", "the question", line, complaints))
        wrong = explanations_of(table, "answer", line, complaints)
        for text in (*accept, *wrong):
            if text and not form(text):
                complaints.add(line, f"`{text}` cannot be the answer; expected {expected}")
        for text in wrong:
            if any(same(text, right) for right in accept):
                complaints.add(line, f"`{text}` stands in [wrong], but it counts as right")
        return {"accept": accept, "wrong": wrong}

    return read


def judged_by(same: Same) -> Callable[[Quiz, tuple[str, ...]], tuple[bool, Feedback]]:
    """Right when the `same` as a text of `accept`; explained when the same as one of `wrong`."""

    def judge(quiz: Quiz, answer: tuple[str, ...]) -> tuple[bool, Feedback]:
        if len(answer) != 1:
            raise ValueError(f"expected one text, found {len(answer)}")
        text = answer[0]
        if any(same(text, wanted) for wanted in quiz.accept):
            return True, ()
        told = next((why for bad, why in quiz.wrong.items() if same(text, bad)), "")
        return False, ((text.strip(), told),) if told else ()

    return judge


TEXT_KEYS = ("answer", "accept", "wrong")
PREDICT = QuizKind(
    "predict",
    TEXT_KEYS,
    reader(same_text, lambda text: bool(text.strip()), "a text"),
    judged_by(same_text),
    runs=True,
)
SHAPE = QuizKind(
    "shape",
    TEXT_KEYS,
    reader(
        same_shape,
        lambda text: read_shape(text) is not None,
        'integers such as "(2, 3)", or "error"',
    ),
    judged_by(same_shape),
    runs=True,
)
