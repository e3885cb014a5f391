"""Quiz questions: read from a lesson, and judge an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tutor.course.directives import Fence
from tutor.course.errors import Complaints, suggestion
from tutor.course.model import Place, Quiz
from tutor.course.quizzes import KINDS, QuizJudgement
from tutor.course.tables import read_table, text_of, unknown_keys

__all__ = ["QuizJudgement", "judge", "read_quiz"]

_COMMON = ("prompt", "code", "explain")


def judge(quiz: Quiz, answer: tuple[str, ...]) -> QuizJudgement:
    """What to say to `answer`, a tuple of texts; `Quiz` says what they are for each kind.

    Raises:
        ValueError: the answer has a form that this kind cannot have, or the kind is unknown.
    """
    kind = KINDS.get(quiz.kind)
    if kind is None:
        raise ValueError(f"questions of kind {quiz.kind!r} need a newer torch-tutor")
    correct, feedback = kind.judge(quiz, answer)
    return QuizJudgement(correct, feedback, quiz.explain)


def read_quiz(fence: Fence, complaints: Complaints) -> Quiz | None:
    """The question in a fence; None when too little of it can be read."""
    table = read_table(fence.content, fence.line, complaints)
    name = fence.attributes.get("kind", "")
    kind = KINDS.get(name)
    if name and kind is None:
        complaints.add(fence.line, f"unknown kind `{name}`; {suggestion(name, KINDS)}")
    if table is None or kind is None:
        return None
    line = fence.line
    known = (*_COMMON, *kind.keys, *(("run",) if kind.runs else ()))
    unknown_keys(table, known, f"a {name} question", line, complaints)
    code = table.get("code", "")
    if not isinstance(code, str):
        complaints.add(line, "the question: `code` is not a text; expected `code = '''…'''`")
        code = ""
    explain = (
        text_of(table, "explain", "the question", line, complaints) if "explain" in table else ""
    )
    return Quiz(
        id=fence.name,
        kind=name,
        prompt=text_of(table, "prompt", "the question", line, complaints),
        place=Place(complaints.path, line),
        code=code.strip("\n"),
        explain=explain,
        run=_run(table, line, complaints),
        **kind.read(table, line, complaints),
    )


def _run(table: Mapping[str, Any], line: int, complaints: Complaints) -> bool:
    run = table.get("run", False)
    if not isinstance(run, bool):
        complaints.add(line, "the question: expected `run = true`, or no such key")
    elif run and "code" not in table and "lines" not in table:
        complaints.add(line, "the question: `run = true` needs `code` that can be run")
    return run is True
