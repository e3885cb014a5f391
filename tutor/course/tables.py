"""TOML inside a lesson: read with the line of the lesson in every complaint."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from tutor.course.errors import Complaints, suggestion

_POSITION = re.compile(r"\s*\(at line (\d+), column \d+\)$")


def read_table(content: str, line: int, complaints: Complaints) -> dict[str, Any] | None:
    """The table in `content`, whose line n is line `line` + n of the file; None if malformed."""
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        text = str(error)
        at = _POSITION.search(text)
        where = line + int(at[1]) if at else line
        complaints.add(where, f"this is not TOML: {_POSITION.sub('', text).lower()}")
        return None


def unknown_keys(
    table: Mapping[str, Any], known: Iterable[str], what: str, line: int, complaints: Complaints
) -> None:
    """Complain of keys in `table` that are not known, with near misses."""
    known = tuple(known)
    for key in table:
        if key not in known:
            complaints.add(line, f"{what} has no key `{key}`; {suggestion(key, known)}")


def text_of(
    table: Mapping[str, Any], key: str, what: str, line: int, complaints: Complaints
) -> str:
    """A required text; complains and returns "" when it is missing or of another type."""
    value = table.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip("\n")
    expected = f'`{key} = "…"`'
    found = "is missing" if key not in table else "is not a text"
    complaints.add(line, f"{what}: `{key}` {found}; expected {expected}")
    return ""


def texts_of(
    table: Mapping[str, Any], key: str, what: str, line: int, complaints: Complaints
) -> tuple[str, ...]:
    """A list of texts, empty when the key is missing; complains of other types."""
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value):
        return tuple(v.strip() for v in value)
    complaints.add(line, f'{what}: expected `{key} = ["…", "…"]`, a list of texts')
    return ()


def explanations_of(
    table: Mapping[str, Any], expected: str, line: int, complaints: Complaints
) -> dict[str, str]:
    """The table [wrong], empty when missing; complains of other types."""
    wrong = table.get("wrong", {})
    if isinstance(wrong, dict) and all(isinstance(v, str) and v.strip() for v in wrong.values()):
        return {str(key): why for key, why in wrong.items()}
    complaints.add(line, f'expected a table [wrong] of lines `"{expected}" = "explanation"`')
    return {}
