"""The front matter of a lesson: one `key: <JSON value>` a line between two `---` lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutor.course.errors import Complaints, suggestion
from tutor.course.ids import is_lesson_id


@dataclass(frozen=True, slots=True)
class Front:
    """The values, checked; where one was wrong or missing, an empty one stands in."""

    id: str = ""
    title: str = ""
    minutes: int = 0
    objectives: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    project: bool = False


def read_front(content: str, line: int, complaints: Complaints) -> Front:
    """The front matter in `content`, whose first line is line `line` of the file."""
    values: dict[str, Any] = {}
    for number, row in enumerate(content.split("\n"), line):
        if not row.strip():
            continue
        key, colon, text = row.partition(":")
        key = key.strip()
        if not colon:
            complaints.add(number, f"front matter has one `key: value` a line; found {row!r}")
        elif key not in KEYS:
            complaints.add(number, f"unknown front matter key `{key}`; {suggestion(key, KEYS)}")
        elif key in values:
            complaints.add(number, f"`{key}` was given twice in the front matter")
        else:
            values[key] = _value(key, text.strip(), number, complaints)
    for key in REQUIRED:
        if key not in values:
            complaints.add(
                max(1, line - 1), f"the front matter lacks `{key}`: add a line `{EXAMPLES[key]}`"
            )
    return Front(**{key: value for key, value in values.items() if value is not None})


def _value(key: str, text: str, line: int, complaints: Complaints) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        reason = str(error).split(":")[0]
        complaints.add(
            line, f"`{key}` needs a JSON value such as `{EXAMPLES[key]}`; found {text!r} ({reason})"
        )
        return None
    legal, read = KEYS[key]
    if not legal(value):
        complaints.add(line, f"`{key}` has the wrong form; expected such as `{EXAMPLES[key]}`")
        return None
    return read(value)


def _words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _lesson_id(value: object) -> bool:
    return isinstance(value, str) and is_lesson_id(value)


def _lesson_ids(value: object) -> bool:
    return isinstance(value, list) and all(map(_lesson_id, value))


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _minutes(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 240


KEYS: dict[str, tuple[Callable[[object], bool], Callable[[Any], Any]]] = {
    "id": (_lesson_id, str),
    "title": (_text, str.strip),
    "minutes": (_minutes, int),
    "objectives": (_words, tuple),
    "requires": (_lesson_ids, tuple),
    "topics": (_words, tuple),
    "panels": (_words, tuple),
    "project": (_flag, bool),
}
REQUIRED = ("id", "title", "minutes", "objectives", "topics")
EXAMPLES = {
    "id": 'id: "tensors/create"',
    "title": 'title: "Creating tensors"',
    "minutes": "minutes: 15",
    "objectives": 'objectives: ["Make a tensor from a list"]',
    "requires": 'requires: ["start/meet-pytorch"]',
    "topics": 'topics: ["T17"]',
    "panels": 'panels: ["tensors"]',
    "project": "project: true",
}
