"""How steps, lessons and units stand, counted from progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tutor.course.model import Exercise, Lesson, Step, Unit
from tutor.progress.model import LessonProgress, LessonState
from tutor.ui.widgets.stepbar import StepMark, StepState

GLYPHS: dict[LessonState, str] = {"new": "○", "started": "◐", "done": "✓"}


@dataclass(frozen=True, slots=True)
class Tally:
    """Tasks done of all, exercises passed of all, and the state that follows."""

    state: LessonState
    done: int
    tasks: int
    passed: int = 0
    exercises: int = 0

    @property
    def glyph(self) -> str:
        return GLYPHS[self.state]


def step_state(step: Step, progress: LessonProgress, visited: frozenset[str]) -> StepState:
    """A step without tasks is done once it was seen; others when all their tasks are."""
    if not step.tasks:
        return "done" if step.id in visited else "new"
    states = [progress.of(task).state for task in step.tasks]
    if all(state == "done" for state in states):
        return "done"
    return "tried" if any(state != "new" for state in states) else "new"


def step_marks(
    lesson: Lesson, progress: LessonProgress, current: str, visited: frozenset[str]
) -> tuple[StepMark, ...]:
    """One mark a step for the step bar."""
    return tuple(
        StepMark(step.title, step_state(step, progress, visited), step.kind, step.id == current)
        for step in lesson.steps
    )


def lesson_tally(lesson: Lesson, progress: LessonProgress) -> Tally:
    """How one lesson stands."""
    exercises = tuple(b.id for _, b in lesson.blocks() if isinstance(b, Exercise))
    return Tally(
        progress.state(lesson.tasks),
        progress.done(lesson.tasks),
        len(lesson.tasks),
        progress.done(exercises),
        len(exercises),
    )


def unit_tally(unit: Unit, progress: Callable[[str], LessonProgress]) -> Tally:
    """How a unit stands, counted in lessons."""
    states = [progress(lesson.id).state(lesson.tasks) for lesson in unit.lessons]
    done = states.count("done")
    if states and done == len(states):
        return Tally("done", done, len(states))
    started = any(state != "new" for state in states)
    return Tally("started" if started else "new", done, len(states))
