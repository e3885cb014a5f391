"""Blocks of a lesson as the session wants them."""

from __future__ import annotations

from tutor.course.model import Cell, Exercise, Lesson
from tutor.course.replay import above
from tutor.session.api import Assignment, Code


def code_of(block: Cell | Exercise, source: str = "") -> Code:
    """`block` with its own text, or with the text `source`."""
    ranks = block.ranks if isinstance(block, Cell) else 0
    return Code(block.id, source or block.source, block.timeout, block.network, ranks)


def assignment_of(lesson: Lesson, exercise: Exercise, source: str, seed: int) -> Assignment:
    """An attempt at an exercise of `lesson`."""
    return Assignment(
        code=code_of(exercise, source),
        checks=exercise.checks,
        fresh=exercise.fresh,
        earlier=earlier(lesson, exercise) if exercise.fresh else (),
        timeout=exercise.timeout,
        seed=seed,
    )


def earlier(lesson: Lesson, exercise: Exercise) -> tuple[Code, ...]:
    """The cells above `exercise` that a fresh check replays for someone who solved nothing."""
    return tuple(map(code_of, above(lesson, exercise.id, lambda _: False)))
