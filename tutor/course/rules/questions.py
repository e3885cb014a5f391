"""Rules for questions: a typed answer is explained, and the code of a right answer is Python."""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Iterator

from tutor.course.errors import LessonError
from tutor.course.model import Quiz
from tutor.course.quizzes.blank import filled
from tutor.course.quizzes.fix import repaired
from tutor.course.quizzes.parsons import program
from tutor.course.rules.subject import Subject


def questions_explain(subject: Subject) -> Iterator[LessonError]:
    """A typed answer has nothing else that says why it is right."""
    for quiz in subject.questions:
        if not quiz.choices and not quiz.explain:
            yield subject.at(
                quiz.place.line, f"`{quiz.id}` lacks `explain`, said after the answer", "warning"
            )


def answers_are_python(subject: Subject) -> Iterator[LessonError]:
    """A warning only: a question may be about a command, too. Lines of which none is Python by
    itself are steps in words."""
    for quiz in subject.questions:
        for what, source in _answered(quiz):
            reason = _syntax_error(source)
            if reason:
                yield subject.at(
                    quiz.place.line, f"`{quiz.id}`: {what} is not Python: {reason}", "warning"
                )


def _answered(quiz: Quiz) -> Iterator[tuple[str, str]]:
    """What each right answer makes of the code, and how to call it."""
    match quiz.kind:
        case "blank":
            for answer in quiz.accept:
                yield f"the code with `{answer}` in the blank", filled(quiz.code, answer)
        case "fix":
            yield "the code with the right replacement", repaired(quiz)
        case "parsons" if any(not _syntax_error(line) for line in quiz.lines):
            for order in quiz.orders:
                numbers = ", ".join(str(number + 1) for number in order)
                yield f"the order {numbers}", program(quiz, order)


def _syntax_error(source: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(textwrap.dedent(source))  # parsed only: pieces may `return` or `await`
    except SyntaxError as error:
        return error.msg
    except ValueError as error:
        return str(error)
    return ""
