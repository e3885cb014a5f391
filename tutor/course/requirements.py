"""Prerequisites between the lessons of a pack: they exist, come earlier, and form no circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tutor.course.errors import LessonError, suggestion
from tutor.course.model import Lesson, Pack, Place


def requirement_problems(pack: Pack, listed: frozenset[str]) -> Iterator[LessonError]:
    """What is wrong with `requires`. `listed` also holds lessons that could not be read."""
    lessons = {lesson.id: lesson for lesson in pack.lessons()}
    position = {lesson_id: index for index, lesson_id in enumerate(lessons)}
    circular = _in_a_circle(lessons)
    for lesson in lessons.values():
        place = Place(lesson.path, 1)
        for needed in lesson.requires:
            if needed not in listed:
                near = suggestion(needed, listed - {lesson.id})
                yield LessonError(place, f"requires `{needed}`, which the pack lacks; {near}")
            elif needed not in lessons or lesson.id in circular:
                continue  # reported elsewhere
            elif position[needed] > position[lesson.id]:
                yield LessonError(
                    place, f"requires `{needed}`, which comes later; move it before `{lesson.id}`"
                )
    circles: dict[frozenset[str], tuple[str, ...]] = {}
    for circle in circular.values():
        circles.setdefault(frozenset(circle), circle)
    for circle in circles.values():
        first = lessons[circle[0]]
        path = " → ".join((*circle, circle[0]))
        yield LessonError(Place(first.path, 1), f"prerequisites form a circle: {path}")


def _in_a_circle(lessons: Mapping[str, Lesson]) -> dict[str, tuple[str, ...]]:
    """Lesson id → a circle of prerequisites through it, for those that lie on one."""
    return {
        lesson_id: circle
        for lesson_id in lessons
        if (circle := _way_back(lesson_id, lessons)) is not None
    }


def _way_back(start: str, lessons: Mapping[str, Lesson]) -> tuple[str, ...] | None:
    """The shortest way from a lesson by `requires` back to itself."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for needed in lessons[way[-1]].requires:
            if needed == start:
                return way
            if needed in lessons and needed not in seen:
                seen.add(needed)
                ways.append((*way, needed))
    return None
