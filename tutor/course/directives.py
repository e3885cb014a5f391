"""The table of directives: which fenced blocks mean something, and with which attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tutor.course.attributes import (
    Reader,
    error_name,
    flag,
    identifier,
    names,
    number,
    one_of,
    seconds,
    word,
)
from tutor.course.errors import Complaints, suggestion


@dataclass(frozen=True, slots=True)
class Directive:
    """One row of the table. `target` is what `for=` must name, "" for blocks of their own."""

    name: str
    language: str
    attributes: Mapping[str, Reader]
    required: tuple[str, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """A directive as it stands in the file. Line n of `content` is line `line` + n of the file."""

    directive: Directive
    content: str
    line: int
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its own id, or that of the block it belongs to; "" when it was missing or wrong."""
        return self.attributes.get("for" if self.directive.target else "id", "")


def read_info(info: str, content: str, line: int, complaints: Complaints) -> Fence | None:
    """The directive in an info string; None for ordinary code and for what cannot be read."""
    language, *words = info.split() or [""]
    if not words:
        if language in DIRECTIVES:
            wanted = f"{DIRECTIVES[language].language} {language}"
            complaints.add(line, f"`{language}` needs its language first: write ```{wanted} …")
        return None
    if language in DIRECTIVES and words[0] not in DIRECTIVES:
        wanted = f"{DIRECTIVES[language].language} {info.strip()}"
        complaints.add(line, f"a directive needs its language first: write ```{wanted}")
        return None
    directive = DIRECTIVES.get(words[0])
    if directive is None:
        complaints.add(line, f"unknown directive `{words[0]}`; {suggestion(words[0], DIRECTIVES)}")
        complaints.lost.update(w.removeprefix("id=") for w in words if w.startswith("id="))
        return None
    if language != directive.language:
        complaints.add(
            line,
            f"a {directive.name} is written in {directive.language}, not {language}: "
            f"write ```{directive.language} {directive.name} …",
        )
    attributes = _attributes(directive, words[1:], line, complaints)
    return Fence(directive, content, line, attributes)


def _attributes(
    directive: Directive, words: list[str], line: int, complaints: Complaints
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for written in words:
        key, equals, text = written.partition("=")
        reader = directive.attributes.get(key)
        if reader is None:
            near = suggestion(key, directive.attributes)
            complaints.add(line, f"a {directive.name} has no attribute `{key}`; {near}")
            continue
        if key in seen:
            complaints.add(line, f"`{key}` was given twice")
            continue
        seen.add(key)
        if bool(equals) == (reader is flag):
            form = f"`{key}` alone" if reader is flag else f"`{key}=…`, without spaces"
            complaints.add(line, f"`{written}` has the wrong form; expected {form}")
            continue
        try:
            values[key] = reader(text)
        except ValueError as error:
            complaints.add(line, f"`{key}={text}`: expected {error}")
    for key in directive.required:
        if key not in seen:
            complaints.add(line, f"this {directive.name} lacks `{key}=`: {_how(directive, key)}")
    return values


def _how(directive: Directive, key: str) -> str:
    example = {"kind": "choice"}.get(key, "rows")
    return f"write ```{directive.language} {directive.name} {key}={example}"


_FOR = {"for": identifier}
_TABLE = (
    Directive(
        "cell",
        "python",
        {
            "id": identifier,
            "panel": word,
            "expect": error_name,
            "timeout": seconds,
            "network": one_of("none", "loopback"),
            "requires": names,
            "ranks": number(1, 8),
        },
        ("id",),
    ),
    Directive(
        "output",
        "text",
        _FOR | {"match": one_of("exact", "shape", "regex", "none")},
        ("for",),
        target="cell",
    ),
    Directive(
        "exercise",
        "python",
        {
            "id": identifier,
            "difficulty": number(1, 5),
            "minutes": number(1, 240),
            "fresh": flag,
            "stretch": flag,
            "timeout": seconds,
            "panel": word,
            "network": one_of("none", "loopback"),
        },
        ("id",),
    ),
    Directive("solution", "python", _FOR, ("for",), target="exercise"),
    Directive("check", "python", _FOR, ("for",), target="exercise"),
    Directive("hints", "toml", _FOR, ("for",), target="exercise"),
    Directive("wrong", "python", _FOR, ("for",), target="exercise"),
    Directive("right", "python", _FOR, ("for",), target="exercise"),
    Directive("quiz", "toml", {"id": identifier, "kind": word}, ("id", "kind")),
)
DIRECTIVES: dict[str, Directive] = {directive.name: directive for directive in _TABLE}
