"""Open a pack at once: lessons as last parsed, in the user's cache, checked by file stamps."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tutor.course.model import (
    Attempt,
    Cell,
    Choice,
    Exercise,
    Lesson,
    Output,
    Pack,
    Place,
    Prose,
    Quiz,
    Step,
)
from tutor.course.pack import read_pack, usable

_KEPT: tuple[type, ...] = (Prose, Cell, Output, Exercise, Attempt, Quiz, Choice, Step, Lesson)
_TYPES = {kind.__name__: kind for kind in _KEPT}
_FIELDS = {kind: tuple(f.name for f in fields(kind)) for kind in _KEPT}
_VERSION = hashlib.sha256(repr(("1", sorted(map(repr, _FIELDS.items())))).encode()).hexdigest()
"""Changes with the model, so that what an older version kept is never taken for the new."""

Stamp = tuple[int, int]
"""Time of change in nanoseconds and size in bytes of a lesson file."""
Kept = dict[str, tuple[Stamp, Any]]
"""Path of a lesson file → its stamp and the lesson as plain data."""


def open_pack(root: Path, cache: Path | None = None) -> Pack:
    """The same pack as `load_pack(root)` gives, parsing only files that changed since last time.

    Nothing but speed depends on `cache` (a folder; None = the user's cache folder): when it is
    damaged, or cannot be written, the lessons are parsed.

    Raises:
        CourseError: as `load_pack`.
    """
    place = (cache or user_cache()) / f"pack-{_name(root)}.json"
    before = _read(place)
    now: Kept = {}

    def load(path: Path, lesson_id: str) -> Lesson:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        kept = before.get(str(path))
        if kept is not None and tuple(kept[0]) == stamp:
            with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError):
                lesson = _thaw(kept[1], path)
                if isinstance(lesson, Lesson) and lesson.id == lesson_id:
                    now[str(path)] = (stamp, kept[1])
                    return lesson
        from tutor.course.parse import load_lesson  # imports the Markdown reader: 60 ms

        lesson = load_lesson(path, lesson_id)
        now[str(path)] = (stamp, _freeze(lesson))
        return lesson

    pack = usable(*read_pack(root, load))
    if {path: stamp for path, (stamp, _) in now.items()} != {
        path: tuple(stamp) for path, (stamp, _) in before.items()
    }:
        _write(place, now)
    return pack


def user_cache() -> Path:
    """The folder in which torch-tutor keeps what it can make again."""
    from platformdirs import user_cache_path

    return user_cache_path("torch-tutor")


def _name(root: Path) -> str:
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]


def _read(place: Path) -> Kept:
    """What was kept, {} when there is nothing or it cannot be trusted to be whole."""
    try:
        head, _, payload = place.read_bytes().partition(b"\n")
        if head.decode() == f"{_VERSION} {zlib.crc32(payload)}":
            return json.loads(payload)
    except (OSError, ValueError, RecursionError):
        pass
    return {}


def _write(place: Path, kept: Kept) -> None:
    payload = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"{_VERSION} {zlib.crc32(payload)}\n".encode()
    with contextlib.suppress(OSError):  # a full disk or a read-only home costs speed only
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=place.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(head + payload)
            Path(name).replace(place)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _freeze(value: Any) -> Any:
    """Plain data: a tuple is `["", …]`, a place its line, a part of the model `[name, …]`."""
    kind = type(value)
    if kind in _FIELDS:
        return [kind.__name__, *(_freeze(getattr(value, name)) for name in _FIELDS[kind])]
    if isinstance(value, tuple):
        return ["", *map(_freeze, value)]
    if isinstance(value, Place):
        return ["@", value.line]
    if isinstance(value, Path):
        return ["."]
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _thaw(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        tag, *rest = value
        if tag == "":
            return tuple(_thaw(item, path) for item in rest)
        if tag == "@":
            return Place(path, rest[0])
        if tag == ".":
            return path
        kind = _TYPES[tag]
        if len(rest) != len(_FIELDS[kind]):
            raise ValueError(tag)
        return kind(*(_thaw(item, path) for item in rest))
    return MappingProxyType(value) if isinstance(value, dict) else value
