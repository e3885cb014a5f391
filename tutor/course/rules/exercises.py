"""Rules for exercises: enough help, nothing given away, nothing given for free."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from tutor.course.errors import LessonError
from tutor.course.model import Quiz
from tutor.course.rules.subject import Subject

HINTS = 3
WRONG = 2
"""Below this a check has not shown that it can fail."""
GOOD_WRONG = 3
EXERCISES, QUESTIONS = (3, 5), (2, 5)
MILESTONES = 12
"""Exercises of a project at most."""


def help_enough(subject: Subject) -> Iterator[LessonError]:
    """Three hints or more, all different; two wrong answers or more that prove the check, better
    three, and another right one."""
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
        elif len(exercise.wrong) < GOOD_WRONG:
            yield subject.at(
                line,
                f"`{exercise.id}` has {len(exercise.wrong)} wrong answers; {GOOD_WRONG} are better",
                subject.advice,
            )
        if not exercise.right:
            yield subject.at(
                line,
                f"`{exercise.id}` has no other right answer: add one that differs from the "
                f'solution, "```python right for={exercise.id}"',
                subject.advice,
            )


def counts(subject: Subject) -> Iterator[LessonError]:
    """Three to five exercises and two to five questions; in a project up to twelve milestones.

    Asked of packs with a list of topics: those are whole courses.
    """
    if not subject.topics:
        return
    exercises = len(subject.exercises)
    least, most = (1, MILESTONES) if subject.lesson.project else EXERCISES
    if not least <= exercises <= most:
        yield subject.at(1, f"{exercises} exercises; expected {least} to {most}", "warning")
    questions = sum(isinstance(block, Quiz) for _, block in subject.lesson.blocks())
    least, most = QUESTIONS
    if not subject.lesson.project and not least <= questions <= most:
        yield subject.at(1, f"{questions} questions; expected {least} to {most}", "warning")


def nothing_given_away(subject: Subject) -> Iterator[LessonError]:
    """No hint spells out the whole solution, with its comments or without."""
    for exercise in subject.exercises:
        essence = _essence(exercise.solution)
        bodies = {_squeezed(essence), _squeezed(_bare(essence))} - {""}
        for number, hint in enumerate(exercise.hints, 1):
            if any(body in _squeezed(hint) for body in bodies):
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


def _bare(source: str) -> str:
    """The code without its comments, as it would be written in a hint."""
    try:
        return ast.unparse(ast.parse(textwrap.dedent(source)))
    except (SyntaxError, ValueError):  # a `return` alone does not parse
        kept = (line.partition("#")[0] for line in source.split("\n"))
        return "\n".join(kept)


def _shape(source: str) -> str:
    """The code without comments and spacing, so that only a real difference counts."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return _squeezed(source)


def _squeezed(text: str) -> str:
    return "".join(text.split())
