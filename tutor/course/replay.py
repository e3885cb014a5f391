"""Which blocks "run all above" and a fresh check run, in which order."""

from __future__ import annotations

from collections.abc import Callable

from tutor.course.model import Cell, Exercise, Lesson, Runnable
from tutor.course.optional import lacking


def above(lesson: Lesson, block: str, solved: Callable[[str], bool]) -> tuple[Runnable, ...]:
    """The blocks before `block` that rebuild its state; before the end when `block` is "".

    Left out are cells that are meant to raise (they would stop the row) and exercises that were
    not solved (their starters often do).
    """
    earlier: list[Runnable] = []
    for runnable in lesson.runnables():
        if runnable.id == block:
            break
        if _rebuilds(runnable, solved):
            earlier.append(runnable)
    return tuple(earlier)


def through_step(lesson: Lesson, step: str, solved: Callable[[str], bool]) -> tuple[Runnable, ...]:
    """The blocks of all steps before `step`."""
    earlier: list[Runnable] = []
    for candidate in lesson.steps:
        if candidate.id == step:
            break
        for block in candidate.blocks:
            if isinstance(block, Cell | Exercise) and _rebuilds(block, solved):
                earlier.append(block)
    return tuple(earlier)


def _rebuilds(block: Runnable, solved: Callable[[str], bool]) -> bool:
    if isinstance(block, Cell):
        return not block.expect and not lacking(block)
    return solved(block.id)
