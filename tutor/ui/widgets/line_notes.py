"""What a line made, as a dimmed note at its right end: words, room, and edits since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from types import MappingProxyType

from rich.cells import cell_len

from tutor.text import dtype_text
from tutor.ui.widgets.plain import one_line
from tutor.wire.observed.lines import CellLines, LineValue, Ranges

GAP = 2
"""Columns between the code and its note; the cursor may stand in the first."""
MORE = "…"
"""Stands where something was left out for want of room."""

Notes = Mapping[int, tuple[LineValue, ...]]


@dataclass(frozen=True, slots=True)
class LineNotes:
    """What the lines of `source` made, by line from 1."""

    source: str = ""
    lines: Notes = field(default_factory=lambda: MappingProxyType({}))


def notes_of(source: str, cell: CellLines | None) -> LineNotes:
    """The notes of a text that ran. Of a name bound twice on a line the last value counts."""
    if cell is None or not cell.values:
        return LineNotes()
    lines: dict[int, dict[str, LineValue]] = {}
    for value in cell.values:
        of_line = lines.setdefault(value.line, {})
        of_line.pop(value.name, None)
        of_line[value.name] = value
    return LineNotes(
        source, MappingProxyType({line: tuple(v.values()) for line, v in lines.items()})
    )


@lru_cache(maxsize=64)
def unchanged(ran: str, now: str) -> Mapping[int, int]:
    """Line of `now` → the same line of `ran`, both from 1; edited lines are missing."""
    old, new = ran.split("\n"), now.split("\n")
    if old == new:
        return {number: number for number in range(1, len(new) + 1)}
    same = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {
        block.b + offset + 1: block.a + offset + 1 for block in same for offset in range(block.size)
    }


def note_text(values: Iterable[LineValue], room: int) -> str:
    """The note of one line in at most `room` cells: first dtypes give way, then values from the
    last on, with a mark; "" where not even the mark fits."""
    values = tuple(values)
    for with_dtype in (True, False):
        texts = [value_text(value, with_dtype=with_dtype) for value in values]
        whole = "  ".join(texts)
        if cell_len(whole) <= room:
            return whole
    texts = [value_text(value, with_dtype=False) for value in values]
    while texts:
        texts.pop()
        shorter = "  ".join([*texts, MORE])
        if cell_len(shorter) <= room:
            return shorter
    return ""


def value_text(value: LineValue, *, with_dtype: bool = True) -> str:
    """`x 64×784 f32`, `h 1…64×10 f32`, `parts 3 of 16×4 f32`, and `→ 64×10 f32` for a return."""
    name = "→" if value.name == "return" else one_line(value.name)
    parts = [name]
    if value.items is not None:
        parts.append(f"{_range(*value.items)} of")
    parts.append(" | ".join(map(ranges_text, value.shapes)))
    if with_dtype:
        parts.append("/".join(dtype_text(one_line(dtype)) for dtype in value.dtypes))
        parts += ["numpy"] if value.array else []
        parts += [one_line(value.device)] if value.device else []
    return " ".join(part for part in parts if part)


def ranges_text(ranges: Ranges) -> str:
    """`1…64×10`; a tensor without dimensions is a scalar."""
    return "×".join(_range(low, high) for low, high in ranges) or "scalar"


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}…{high}"
