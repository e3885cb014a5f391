"""Which lessons of which packs a lint run is about."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.course.catalogue import find_packs
from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack, Place
from tutor.course.pack import MANIFEST, read_pack
from tutor.lint.pool import Task


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be linted: lessons that parsed, and what is wrong with packs and the others."""

    tasks: tuple[Task, ...]
    findings: tuple[LessonError, ...]
    whole: tuple[Pack, ...] = ()
    """Packs of which every lesson is among the tasks."""


def choose(paths: Sequence[Path], only: Sequence[str] = ()) -> Chosen:
    """The lessons that `paths` and `only` name."""
    tasks: list[Task] = []
    findings: list[LessonError] = []
    whole: list[Pack] = []
    for root, files in _packs(paths).items():
        pack, problems = read_pack(root)
        wanted = [
            lesson for lesson in (pack.lessons() if pack else ()) if _wanted(lesson, files, only)
        ]
        tasks += [Task(pack, lesson) for lesson in wanted if pack]
        findings += [problem for problem in problems if _concerns(problem.place, root, files, only)]
        if pack and not files and not only:
            whole.append(pack)
    for path in paths:
        if not path.exists():
            findings.append(LessonError(Place(path, 1), "there is no such file or folder"))
    return Chosen(tuple(tasks), tuple(findings), tuple(whole))


def _packs(paths: Sequence[Path]) -> dict[Path, frozenset[Path]]:
    """Pack folder → the lesson files asked for in it, none = all."""
    found: dict[Path, frozenset[Path]] = {}
    if not paths:
        return dict.fromkeys(find_packs(), frozenset())
    for path in (path.resolve() for path in paths):
        if path.is_file() and path.name != MANIFEST:
            root = next((p for p in path.parents if (p / MANIFEST).is_file()), path.parent)
            if found.get(root, {path}):
                found[root] = found.get(root, frozenset()) | {path}
        elif path.is_dir() or path.name == MANIFEST:
            folder = path if path.is_dir() else path.parent
            roots = (folder,) if (folder / MANIFEST).is_file() else _below(folder)
            found.update(dict.fromkeys(roots or (folder,), frozenset()))
    return found


def _below(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")))


def _wanted(lesson: Lesson, files: frozenset[Path], only: Sequence[str]) -> bool:
    return (not files or lesson.path.resolve() in files) and _matches(lesson.id, only)


def _matches(lesson_id: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatch.fnmatchcase(lesson_id, pattern) for pattern in only)


def _concerns(place: Place, root: Path, files: frozenset[Path], only: Sequence[str]) -> bool:
    """A problem of the pack file concerns everybody, that of a lesson those who asked for it."""
    if place.file.name == MANIFEST:
        return True
    if files and place.file.resolve() not in files:
        return False
    relative = place.file.resolve().relative_to(root.resolve())
    return _matches(relative.with_suffix("").as_posix(), only)
