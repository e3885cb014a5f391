"""What is wrong in a course's files: findings with file and line, reported all together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tutor.course.model import Place

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class LessonError:
    """One finding: where, what was found, and what was expected."""

    place: Place
    text: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{shown(self.place.file)}:{self.place.line}: {self.text}"


class CourseError(Exception):
    """Course files that cannot be used. `problems` names every one that was found."""

    def __init__(self, problems: Iterable[LessonError]) -> None:
        self.problems = tuple(sorted(problems, key=_order))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Complaints:
    """Collects the findings of one file while it is read."""

    path: Path
    found: list[LessonError] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Ids of blocks that could not be read, so that what belongs to them is not blamed, too."""

    def add(self, line: int, text: str, level: Level = "error") -> None:
        self.found.append(LessonError(Place(self.path, line), text, level))

    def raise_any(self) -> None:
        """Raises CourseError when something was found."""
        if self.found:
            raise CourseError(self.found)


def shown(path: Path) -> str:
    """`path` as people write it: relative to where they are, if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` for a near miss, else the list of what would have been right."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"expected one of: {', '.join(names)}" if names else "there is none here"


def _order(problem: LessonError) -> tuple[str, int]:
    return str(problem.place.file), problem.place.line
