"""The ids that learners' progress hangs on, as they were when they were last accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack, Place
from tutor.course.topics import TOPICS

IDS = "ids.txt"
_HEAD = """\
# Ids of lessons and blocks. Learners' progress hangs on them: none may go or
# be given to something else. Written by `torch-tutor lint --accept-ids`.
"""


def ids_of(lesson: Lesson) -> tuple[str, ...]:
    """`unit/lesson`, then `unit/lesson#block` for each block that counts."""
    return (lesson.id, *(f"{lesson.id}#{task}" for task in lesson.tasks))


def recorded_text(pack: Pack) -> str:
    """The content of the file for the pack as it is."""
    ids = sorted(name for lesson in pack.lessons() for name in ids_of(lesson))
    return _HEAD + "".join(f"{name}\n" for name in ids)


def read_recorded(root: Path) -> tuple[str, ...]:
    """The ids in the file of the pack in `root`; none when it has no such file."""
    path = root / IDS
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8").split("\n")
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("# "))


def lost_blocks(lesson: Lesson, recorded: Collection[str]) -> Iterator[LessonError]:
    """Ids of blocks of this lesson that are gone."""
    now = ids_of(lesson)
    for name in recorded:
        if name.startswith(f"{lesson.id}#") and name not in now:
            yield _lost(Place(lesson.path, 1), f"the block `{name.partition('#')[2]}`")


def lost_lessons(pack: Pack, recorded: Collection[str]) -> Iterator[LessonError]:
    """Lessons that are gone, and a warning when ids were not accepted yet."""
    lessons = {lesson.id for lesson in pack.lessons()}
    place = Place(pack.root / IDS, 1)
    for name in recorded:
        gone = not pack.root.joinpath(*f"{name}.md".split("/")).is_file()
        if "#" not in name and name not in lessons and gone:
            yield _lost(place, f"the lesson `{name}`")
    new = {name for lesson in pack.lessons() for name in ids_of(lesson)} - set(recorded)
    if new and (recorded or _finished(pack)):
        text = f"{len(new)} new ids are not recorded; `torch-tutor lint --accept-ids` adds them"
        yield LessonError(place, text, "warning")


def _finished(pack: Pack) -> bool:
    """Whether this is a whole course that learners go through, rather than one being written."""
    return pack.topics_complete and (pack.root / TOPICS).is_file()


def _lost(place: Place, what: str) -> LessonError:
    return LessonError(
        place,
        f"{what} is gone, and the progress of learners hangs on its id: put it back, or accept "
        "the loss with `torch-tutor lint --accept-ids`",
    )
