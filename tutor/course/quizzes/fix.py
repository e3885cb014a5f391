"""fix: find the one wrong line of a program, then pick what should stand there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.model import Quiz
from tutor.course.quizzes.base import Feedback, QuizKind
from tutor.course.quizzes.choices import read_one_right
from tutor.course.tables import explanations_of


def found_line(quiz: Quiz, number: int) -> bool:
    """Whether line `number` of the code is the wrong one."""
    return number == quiz.line


def repaired(quiz: Quiz) -> str:
    """The code with the right replacement in place, indented as the wrong line was."""
    lines = quiz.code.split("\n")
    old = lines[quiz.line - 1]
    indent = old[: len(old) - len(old.lstrip())]
    right = next(choice.text for choice in quiz.choices if choice.correct)
    lines[quiz.line - 1] = "\n".join(indent + line for line in _dedented(right))
    return "\n".join(lines)


def _dedented(text: str) -> list[str]:
    """Replacements may be written with or without the indentation of the line."""
    lines = text.split("\n")
    first = len(lines[0]) - len(lines[0].lstrip())
    return [line[first:] if not line[:first].strip() else line for line in lines]


def _read(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    fields = read_one_right(table, line, complaints)
    code = table.get("code", "")
    lines = code.strip("\n").split("\n") if isinstance(code, str) and code.strip() else []
    if not lines:
        complaints.add(line, "a fix question needs `code` with the wrong line in it")
    number = table.get("line")
    if not isinstance(number, int) or isinstance(number, bool):
        found = "is missing" if "line" not in table else "is not a whole number"
        complaints.add(
            line, f"the question: `line` {found}; expected the number of the wrong line, from 1"
        )
        number = 0
    elif lines and not 1 <= number <= len(lines):
        complaints.add(line, f"`line = {number}`, but `code` has lines 1 to {len(lines)}")
    elif lines and not lines[number - 1].strip():
        complaints.add(line, f"`line = {number}`, but line {number} of `code` is empty")
    elif lines:
        old = lines[number - 1].strip()
        for place, choice in enumerate(fields.get("choices", ()), 1):
            if choice.text.strip() == old:
                complaints.add(line, f"choice {place} is line {number} as it stands in `code`")
    wrong = explanations_of(table, "1", line, complaints)
    for key in wrong:
        if not (key.isascii() and key.isdigit() and 1 <= int(key) <= len(lines)):
            complaints.add(
                line,
                f"`{key}` in [wrong] is no line of `code`; expected a number from 1 to "
                f"{len(lines)}",
            )
        elif int(key) == number:
            complaints.add(line, f"`{key}` in [wrong] is the wrong line itself, which is found")
    return {**fields, "line": number, "wrong": {key.lstrip("0"): wrong[key] for key in wrong}}


def _judge(quiz: Quiz, answer: tuple[str, ...]) -> tuple[bool, Feedback]:
    """A line alone is judged, too: a learner who picked a right one never sees replacements."""
    lines = quiz.code.split("\n")
    if not 1 <= len(answer) <= 2:
        raise ValueError(f"expected a line and a choice, found {len(answer)} texts")
    number = _index(answer[0], len(lines) + 1)
    if number is None or number == 0:
        raise ValueError(f"the code has no line {answer[0]!r}")
    if not found_line(quiz, number):
        why = quiz.wrong.get(str(number), "This line does what it should. Look at another one.")
        return False, ((lines[number - 1].strip(), why),)
    if len(answer) == 1:
        return False, (("", f"Line {number} is the wrong one. What should it be?"),)
    picked = _index(answer[1], len(quiz.choices))
    if picked is None:
        raise ValueError(f"no choice has the index {answer[1]!r}")
    choice = quiz.choices[picked]
    return choice.correct, ((choice.text.strip(), choice.why),)


def _index(text: str, end: int) -> int | None:
    return next((number for number in range(end) if text == str(number)), None)


FIX = QuizKind("fix", ("line", "choices", "wrong"), _read, _judge, runs=True)
