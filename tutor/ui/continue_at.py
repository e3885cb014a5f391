"""Where "Continue" goes: the exact step and block, or the next lesson, or the very start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tutor.course.model import Lesson, Pack, Step
from tutor.progress.model import LessonProgress, Position

Why = Literal["start", "resume", "next", "finished"]


@dataclass(frozen=True, slots=True)
class Resume:
    """A place in the course. `why` is what the button says about it."""

    lesson: Lesson
    step: Step
    block: str
    why: Why


def continue_at(
    pack: Pack, position: Position | None, progress: Callable[[str], LessonProgress]
) -> Resume | None:
    """The place to go on; None for a pack without lessons.

    A lesson that is done and was left at its last step leads to the next one that is not done.
    """
    lessons = [lesson for lesson in pack.lessons() if lesson.steps]
    if not lessons:
        return None
    here = next((lesson for lesson in lessons if position and lesson.id == position.lesson), None)
    if here is None or position is None:
        open_one = _first_open(lessons, progress)
        if open_one is None:
            return Resume(lessons[0], lessons[0].steps[0], "", "finished")
        started = any(progress(lesson.id).state(lesson.tasks) != "new" for lesson in lessons)
        return resume_lesson(open_one, progress(open_one.id), "next" if started else "start")
    state = progress(here.id).state(here.tasks)
    if state == "done" and position.step == here.steps[-1].id:
        after = lessons[lessons.index(here) + 1 :]
        open_one = _first_open(after, progress) or _first_open(lessons, progress)
        if open_one is None:
            return Resume(here, here.steps[0], "", "finished")
        return resume_lesson(open_one, progress(open_one.id), "next")
    return Resume(here, step_at(here, position.step, position.block), position.block, "resume")


def resume_lesson(lesson: Lesson, progress: LessonProgress, why: Why = "resume") -> Resume:
    """The place in one lesson where the learner stopped, or its start."""
    return Resume(lesson, step_at(lesson, progress.step, progress.block), progress.block, why)


def step_at(lesson: Lesson, step: str, block: str = "") -> Step:
    """The step called `step`; when it is gone, the one that holds `block`, else the first."""
    for candidate in lesson.steps:
        if candidate.id == step:
            return candidate
    return next((s for s in lesson.steps if block and block in s.tasks), lesson.steps[0])


def _first_open(lessons: list[Lesson], progress: Callable[[str], LessonProgress]) -> Lesson | None:
    for lesson in lessons:
        if progress(lesson.id).state(lesson.tasks) != "done":
            return lesson
    return None
