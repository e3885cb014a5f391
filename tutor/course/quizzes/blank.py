"""blank: type what is missing in a line of code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.quizzes.base import QuizKind
from tutor.course.quizzes.texts import TEXT_KEYS, judged_by, reader, same_text

BLANK_MARK = "____"
"""Stands once in the code, where the answer belongs."""

_MARKS = re.compile(r"_{4,}")
_LOOSE_SPACE = re.compile(r"(?<=\W) | (?=\W)")


def same_code(answer: str, wanted: str) -> bool:
    """As in a predicted output; spaces around signs and the kind of quotes do not matter."""
    return same_text(_evened(answer), _evened(wanted))


def filled(code: str, answer: str) -> str:
    """`code` with `answer` in its blank."""
    return code.replace(BLANK_MARK, answer)


def _evened(text: str) -> str:
    return _LOOSE_SPACE.sub("", " ".join(text.replace("'", '"').split()))


_read_texts = reader(same_code, lambda text: bool(text.strip()), "a text")


def _read(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    code = table.get("code", "")
    marks = _MARKS.findall(code) if isinstance(code, str) else []
    if len(marks) != 1:
        found = f"{len(marks)} blanks" if marks else "no blank"
        complaints.add(
            line, f"`code` has {found}; expected `{BLANK_MARK}` once, where the answer belongs"
        )
    elif marks[0] != BLANK_MARK:
        complaints.add(
            line, f"the blank in `code` has {len(marks[0])} underscores; expected `{BLANK_MARK}`"
        )
    return _read_texts(table, line, complaints)


BLANK = QuizKind("blank", TEXT_KEYS, _read, judged_by(same_code), runs=True)
