"""Which lessons were proved clean as they are now: kept between runs, for `--changed`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack, Place
from tutor.course.pack import MANIFEST
from tutor.lint.bench import Proof
from tutor.paths import atomic_write

_ROOT = Path(__file__).parents[1]
_NO_PART = ("ui", "commands", "progress")
"""Rooms of the program that have no say in whether an answer passes."""
_COUNTS = ("cells", "attempts", "mutants", "survivors")


class Clean:
    """The file `place`. What it cannot vouch for is proved again; losing it costs time only."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._kept = _read(place)
        self._around = cache(_around)

    def proof(self, pack: Pack, lesson: Lesson, seeds: int) -> Proof | None:
        """The proof of a lesson that has not changed since, with the notes of that time."""
        kept = self._kept.get(str(lesson.path), {})
        with contextlib.suppress(TypeError, ValueError, KeyError, AttributeError):
            if kept["key"] == self._key(pack, lesson) and kept["seeds"] >= seeds:
                notes = [
                    LessonError(Place(lesson.path, int(line)), str(text), "note")
                    for line, text in kept["notes"]
                ]
                return Proof(notes, **{name: int(kept[name]) for name in _COUNTS})
        return None

    def keep(self, pack: Pack, lesson: Lesson, seeds: int, proof: Proof) -> None:
        """Remember a proof in which nothing was wrong, forget the lesson after any other."""
        self._kept.pop(str(lesson.path), None)
        if all(finding.level == "note" for finding in proof.findings):
            self._kept[str(lesson.path)] = {
                "key": self._key(pack, lesson),
                "seeds": seeds,
                "notes": [[note.place.line, note.text] for note in proof.findings],
                **{name: getattr(proof, name) for name in _COUNTS},
            }
        with contextlib.suppress(OSError):
            atomic_write(self._place, json.dumps(self._kept))

    def _key(self, pack: Pack, lesson: Lesson) -> str:
        """Changes with the lesson's text, as it was read, and with what it is proved on."""
        return f"{lesson.digest} {self._around(pack.root, pack.assets)}"


def _around(root: Path, assets: Path | None) -> str:
    """The pack's manifest and data, this program, torch and Python."""
    data = _digest(assets, assets.rglob("*")) if assets else ""
    parts = [_digest(root, [root / MANIFEST]), data, program()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def program() -> str:
    """The code and the versions that decide how a lesson fares; read once a process."""
    files = (p for p in _ROOT.rglob("*.py") if p.relative_to(_ROOT).parts[0] not in _NO_PART)
    versions = [platform.python_version(), *map(_version, ("torch", "numpy"))]
    return " ".join([_digest(_ROOT, files), *versions])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _digest(root: Path, files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        whole.update(f"{path.relative_to(root)}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _read(place: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        kept = json.loads(place.read_bytes())
        if isinstance(kept, dict):
            return kept
    return {}
