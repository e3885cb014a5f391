"""Rules for exercises: enough help, nothing given away, nothing given for free."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tutor.course.errors import LessonError
from tutor.course.rules.subject import Subject

HINTS = 3
WRONG = 2


def help_enough(subject: Subject) -> Iterator[LessonError]:
    """Three hints or more, all different, and two wrong answers or more that prove the check."""
    for exercise in subject.exercises:
        line = exercise.place.line
        if len(exercise.hints) < HINTS:
            yield subject.at(
                line, f"`{exercise.id}` has {len(exercise.hints)} hints; expected {HINTS} or more"
            )
        if len({_squeezed(hint) for hint in exercise.hints}) < len(exercise.hints):
            yield subject.at(line, f"two hints of `{exercise.id}` are the same")
        if len(exercise.wrong) < WRONG:
            yield subject.at(
                line,
                f"`{exercise.id}` has {len(exercise.wrong)} wrong answers; expected {WRONG} or "
                f'more blocks "```python wrong for={exercise.id}"',
            )


def nothing_given_away(subject: Subject) -> Iterator[LessonError]:
    """No hint spells out the whole solution."""
    for exercise in subject.exercises:
        body = _squeezed(_essence(exercise.solution))
        for number, hint in enumerate(exercise.hints, 1):
            if body and body in _squeezed(hint):
                yield subject.at(
                    exercise.place.line,
                    f"hint {number} of `{exercise.id}` spells out the solution; "
                    "expected a step towards it",
                )


def attempts_differ(subject: Subject) -> Iterator[LessonError]:
    """The solution is not the starter; right and wrong answers are not the solution."""
    for exercise in subject.exercises:
        solution = _shape(exercise.solution)
        if solution == _shape(exercise.starter):
            yield subject.at(
                exercise.place.line, f"the solution of `{exercise.id}` is its starter: no task left"
            )
        for kind, attempts in (("right", exercise.right), ("wrong", exercise.wrong)):
            for attempt in attempts:
                if _shape(attempt.source) == solution:
                    yield subject.at(
                        attempt.place.line, f"this {kind} answer is the solution of `{exercise.id}`"
                    )
        seen: set[str] = set()
        for attempt in exercise.wrong:
            shape = _shape(attempt.source)
            if shape in seen:
                yield subject.at(attempt.place.line, "the same wrong answer stands above")
            seen.add(shape)


def _essence(source: str) -> str:
    """The body of a solution that is one function, else all of it."""
    try:
        nodes = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source
    if len(nodes) == 1 and isinstance(nodes[0], ast.FunctionDef | ast.ClassDef):
        start = nodes[0].body[0].lineno - 1
        return "\n".join(source.split("\n")[start:])
    return source


def _shape(source: str) -> str:
    """The code without comments and spacing, so that only a real difference counts."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return _squeezed(source)


def _squeezed(text: str) -> str:
    return "".join(text.split())
