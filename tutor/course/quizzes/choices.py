"""choice and multi: pick the right one, or every right one, of a list."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.model import Choice, Quiz
from tutor.course.quizzes.base import Feedback, QuizKind
from tutor.course.tables import text_of, unknown_keys


def shown_order(quiz: Quiz) -> tuple[int, ...]:
    """The places of the choices in the order in which they are shown: shuffled, since authors
    tend to write the right one first; the same every time."""

    def drawn(place: int) -> bytes:
        return hashlib.sha256(f"{quiz.id}\0{quiz.choices[place].text}".encode()).digest()

    return tuple(sorted(range(len(quiz.choices)), key=drawn))


def read_choices(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    """`choices`, each with its own text; {} when there is too little to read."""
    rows = table.get("choices")
    if not isinstance(rows, list) or len(rows) < 2 or not all(isinstance(r, dict) for r in rows):
        complaints.add(
            line, "this question needs `choices`: expected two or more tables [[choices]]"
        )
        return {}
    choices = []
    for number, row in enumerate(rows, 1):
        what = f"choice {number}"
        unknown_keys(row, ("text", "correct", "why"), what, line, complaints)
        correct = row.get("correct", False)
        if not isinstance(correct, bool):
            complaints.add(line, f"{what}: expected `correct = true`, or no such key")
        text = text_of(row, "text", what, line, complaints)
        choices.append(Choice(text, correct is True, text_of(row, "why", what, line, complaints)))
    if len({choice.text for choice in choices}) < len(choices):
        complaints.add(line, "two choices have the same text; expected each to differ")
    return {"choices": tuple(choices)}


def read_one_right(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    """`choices`, exactly one of them correct."""
    fields = read_choices(table, line, complaints)
    right = sum(choice.correct for choice in fields.get("choices", ()))
    if fields and right != 1:
        complaints.add(line, f"{right} choices are marked correct; expected exactly one")
    return fields


def _read_multi(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    fields = read_choices(table, line, complaints)
    if fields and not any(choice.correct for choice in fields["choices"]):
        complaints.add(line, "no choice is marked correct; expected at least one")
    return fields


def _judge(quiz: Quiz, answer: tuple[str, ...]) -> tuple[bool, Feedback]:
    """The set of chosen indices against the set of right ones; `why` of each chosen one."""
    chosen = _indices(quiz, answer)
    right = {index for index, choice in enumerate(quiz.choices) if choice.correct}
    told = tuple((quiz.choices[i].text, quiz.choices[i].why) for i in sorted(chosen))
    missed = len(right - chosen)
    if quiz.kind == "multi" and missed and chosen <= right:
        more = "one more is right" if missed == 1 else f"{missed} more are right"
        told = (*told, ("", f"So far so good: {more}."))
    return chosen == right, told


def _indices(quiz: Quiz, answer: tuple[str, ...]) -> set[int]:
    legal = {str(index): index for index in range(len(quiz.choices))}
    unknown = [text for text in answer if text not in legal]
    if unknown:
        raise ValueError(f"no choice has the index {unknown[0]!r}")
    return {legal[text] for text in answer}


CHOICE = QuizKind("choice", ("choices",), read_one_right, _judge)
MULTI = QuizKind("multi", ("choices",), _read_multi, _judge)
