"""A folder with `pack.toml` and its lesson files → Pack, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tutor.course.catalogue import is_shipped
from tutor.course.errors import Complaints, CourseError, LessonError, suggestion
from tutor.course.ids import SHAPE, is_id, is_lesson_id
from tutor.course.model import Lesson, Pack, Place, Unit
from tutor.course.requirements import requirement_problems

FORMAT = 1
"""The lesson format that this version reads."""
MANIFEST = "pack.toml"

Load = Callable[[Path, str], Lesson]
"""File and lesson id → lesson. Raises CourseError."""

_KEYS = ("id", "version", "format", "title", "licence", "assets", "topics_complete", "units")
_UNIT_KEYS = ("id", "title", "lessons")


def load_pack(root: Path) -> Pack:
    """The pack in the folder `root`, complete.

    Raises:
        CourseError: naming every problem of `pack.toml` and of all lessons.
    """
    return usable(*read_pack(root))


def usable(pack: Pack | None, problems: Iterable[LessonError]) -> Pack:
    """The pack, if nothing is wrong with it but what is worth a warning. Raises CourseError."""
    errors = [problem for problem in problems if problem.level == "error"]
    if pack is None or errors:
        raise CourseError(errors)
    return pack


def read_pack(root: Path, load: Load | None = None) -> tuple[Pack | None, list[LessonError]]:
    """As much of the pack as can be read, without its broken lessons, and what is wrong with it."""
    complaints = Complaints(root / MANIFEST)
    lines: list[str] = []
    manifest = _manifest(complaints, lines)
    if manifest is None:
        return None, complaints.found
    where = _Lines(lines)
    _check_values(manifest, where, complaints)
    listed: dict[str, int] = {}
    units = tuple(
        _unit(root, row, where, listed, complaints, load or _load)
        for row in _unit_rows(manifest, where, complaints)
    )
    _complain_of_unlisted(root, listed, complaints)
    pack = Pack(
        id=_text(manifest, "id"),
        version=_text(manifest, "version"),
        title=_text(manifest, "title"),
        licence=_text(manifest, "licence"),
        units=units,
        root=root,
        assets=_assets(root, manifest, where, complaints),
        topics_complete=manifest.get("topics_complete") is not False,
        trusted=is_shipped(root),
    )
    return pack, [*complaints.found, *requirement_problems(pack, frozenset(listed))]


def lesson_path(root: Path, lesson_id: str) -> Path:
    """Where the file of a lesson lies."""
    return root.joinpath(*f"{lesson_id}.md".split("/"))


class _Lines:
    """Finds the line of `pack.toml` on which a key or a text stands."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def __call__(self, text: str, after: int = 0) -> int:
        for number, line in enumerate(self._lines[after:], after + 1):
            if text in line.partition("#")[0]:
                return number
        return 1


def _load(path: Path, lesson_id: str) -> Lesson:
    from tutor.course.parse import load_lesson  # imports the Markdown reader: 60 ms

    return load_lesson(path, lesson_id)


def _manifest(complaints: Complaints, lines: list[str]) -> dict[str, Any] | None:
    from tutor.course.tables import read_table

    try:
        text = complaints.path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        complaints.add(1, f"a pack needs this file, which cannot be read: {reason}")
        return None
    except UnicodeDecodeError:
        complaints.add(1, "this is not UTF-8; save the file in that encoding")
        return None
    lines.extend(text.split("\n"))
    return read_table(text, 0, complaints)


def _check_values(manifest: dict[str, Any], where: _Lines, complaints: Complaints) -> None:
    for key in manifest:
        if key not in _KEYS:
            complaints.add(where(key), f"unknown key `{key}`; {suggestion(key, _KEYS)}")
    for key in ("id", "version", "title", "licence"):
        if not _text(manifest, key):
            found = "is not a text" if key in manifest else "is missing"
            complaints.add(where(f"{key} ="), f'`{key}` {found}; expected `{key} = "…"`')
    if _text(manifest, "id") and not is_id(manifest["id"]):
        complaints.add(where("id ="), f"the id `{manifest['id']}`: expected {SHAPE}")
    if not isinstance(manifest.get("topics_complete", True), bool):
        complaints.add(where("topics_complete"), "`topics_complete`: expected `true` or `false`")
    version = manifest.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        complaints.add(where("format"), f"`format` is missing; expected `format = {FORMAT}`")
    elif version > FORMAT:
        complaints.add(
            where("format"),
            f"this pack has format {version}, and this torch-tutor reads up to {FORMAT}; "
            "it needs a newer torch-tutor",
        )


def _unit_rows(
    manifest: dict[str, Any], where: _Lines, complaints: Complaints
) -> list[dict[str, Any]]:
    rows = manifest.get("units")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        complaints.add(where("units"), "the pack has no units; expected tables `[[units]]`")
        return []
    seen: set[str] = set()
    for row in rows:
        name = _text(row, "id")
        line = where(f'"{name}"') if name else where("[[units]]")
        for key in row:
            if key not in _UNIT_KEYS:
                complaints.add(
                    where(key), f"a unit has no key `{key}`; {suggestion(key, _UNIT_KEYS)}"
                )
        if not is_id(name):
            complaints.add(line, f"the unit id {name!r}: expected {SHAPE}")
        if not _text(row, "title"):
            complaints.add(line, f'the unit {name!r} lacks its title: add `title = "…"`')
        if name in seen:
            complaints.add(line, f"two units have the id `{name}`")
        seen.add(name)
    return rows


def _unit(
    root: Path,
    row: dict[str, Any],
    where: _Lines,
    listed: dict[str, int],
    complaints: Complaints,
    load: Load,
) -> Unit:
    unit_id = _text(row, "id")
    names = row.get("lessons")
    if not isinstance(names, list) or not names:
        complaints.add(
            where(f'"{unit_id}"'), f'the unit `{unit_id}` lacks `lessons = ["{unit_id}/…"]`'
        )
        names = []
    lessons: list[Lesson] = []
    for name in names:
        line = where(f'"{name}"')
        if not isinstance(name, str) or not is_lesson_id(name):
            complaints.add(line, f"{name!r} is no lesson id; expected such as `tensors/create`")
            continue
        if name in listed:
            complaints.add(
                where(f'"{name}"', listed[name]), f"`{name}` is listed twice; expected once"
            )
            continue
        listed[name] = line
        path = lesson_path(root, name)
        if not path.is_file():
            complaints.add(line, f"`{name}` is listed, but there is no file {name}.md")
            continue
        try:
            lessons.append(load(path, name))
        except CourseError as error:
            complaints.found.extend(error.problems)
    return Unit(unit_id, _text(row, "title"), tuple(lessons))


def _complain_of_unlisted(root: Path, listed: dict[str, int], complaints: Complaints) -> None:
    for path in sorted(root.rglob("*.md")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if name not in listed and path.name != "README.md":
            complaints.found.append(
                LessonError(
                    Place(path, 1),
                    f'this lesson is not listed: add "{name}" to a unit in {MANIFEST}',
                    "warning",  # a draft beside the others must not close the course
                )
            )


def _assets(
    root: Path, manifest: dict[str, Any], where: _Lines, complaints: Complaints
) -> Path | None:
    if "assets" not in manifest:
        return None
    line, value = where("assets"), _text(manifest, "assets")
    folder = (root / value).resolve()
    if not value or not folder.is_dir():
        complaints.add(line, f"`assets`: there is no folder {value!r} in the pack")
        return None
    inside = folder.is_relative_to(root.resolve()) and folder != root.resolve()
    if not inside and not is_shipped(root):
        # Else a pack could ask to read the learner's own files.
        complaints.add(line, f"`assets`: {value!r} lies outside the pack; expected a folder in it")
        return None
    return folder


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""


__all__ = ["FORMAT", "MANIFEST", "CourseError", "load_pack", "read_pack"]
