"""What every kind of quiz question must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.model import Quiz

Feedback = tuple[tuple[str, str], ...]
"""Pairs of what was answered and what to say to it."""


@dataclass(frozen=True, slots=True)
class QuizJudgement:
    """The answer to an answer. `explain` is worth showing once the answer was right."""

    correct: bool
    feedback: Feedback
    explain: str


@dataclass(frozen=True, slots=True)
class QuizKind:
    """One kind: which keys it has, how it is read, judged, and looked over.

    read: the fields of `Quiz` beyond id, kind, prompt, code, explain and place; complains.
    judge: (correct, feedback) for a tuple of texts; ValueError for an answer of another form.
    runs: the key `run` is allowed: its code can be run, and says what the answer is.
    """

    name: str
    keys: tuple[str, ...]
    read: Callable[[Mapping[str, Any], int, Complaints], dict[str, Any]]
    judge: Callable[[Quiz, tuple[str, ...]], tuple[bool, Feedback]]
    runs: bool = False
