"""A course whose time limits fit a slower or faster machine."""

from __future__ import annotations

from dataclasses import replace

from tutor.course.model import Block, Cell, Exercise, Lesson, Pack, Step, Unit


def at_pace(pack: Pack, factor: float) -> Pack:
    """`pack` with every time limit multiplied by `factor`; the same pack when it is 1."""
    if factor == 1.0:
        return pack
    return replace(pack, units=tuple(_unit(unit, factor) for unit in pack.units))


def _unit(unit: Unit, factor: float) -> Unit:
    return replace(unit, lessons=tuple(_lesson(lesson, factor) for lesson in unit.lessons))


def _lesson(lesson: Lesson, factor: float) -> Lesson:
    return replace(lesson, steps=tuple(_step(step, factor) for step in lesson.steps))


def _step(step: Step, factor: float) -> Step:
    return replace(step, blocks=tuple(_block(block, factor) for block in step.blocks))


def _block(block: Block, factor: float) -> Block:
    if isinstance(block, Cell | Exercise):
        return replace(block, timeout=block.timeout * factor)
    return block
