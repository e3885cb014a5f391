"""Which columns of the tensors table fit a width, and what stands in them; pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len

from tutor.text import dtype_text, shape_text
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import one_line
from tutor.wire.messages import TensorRow

MARKS = {"added": "+", "rebound": "↻", "mutated": "~", "gradient": "∇", "": " "}
"""What the last run did to a tensor."""

WORDS = {
    "added": "new",
    "mutated": "changed in place",
    "rebound": "another tensor",
    "gradient": "new gradient",
}
"""The same in words."""

_GAP = 2
_NAME_LIMIT = 24


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Columns with a low `rank` stay when the room gets small; `short` stands for
    `text` until everything else has its place."""

    title: str
    rank: int
    text: Callable[[TensorRow], str]
    right: bool = False
    short: Callable[[TensorRow], str] | None = None


def key_line(rows: tuple[TensorRow, ...]) -> str:
    """What the marks in this table mean: `+ new  ~ changed in place`; "" where there are none."""
    found = {row.change for row in rows}
    parts = [f"{MARKS[change]} {word}" for change, word in WORDS.items() if change in found]
    if any(row.shares or row.alias_of for row in rows):
        parts.append("≡ shares memory")
    return "   ".join(parts)


def _grad(row: TensorRow) -> str:
    if row.has_grad:
        return "∇ has"
    return "∇" if row.requires_grad or row.grad_fn else ""


def flags(row: TensorRow) -> str:
    """How many numbers are not finite, and whose memory it shares: `2 NaN ≡ view +1`."""
    found = [f"{row.nan:,} NaN"] if row.nan else []
    found += [f"{row.inf:,} Inf"] if row.inf else []
    if row.alias_of:
        found.append(f"≡ is {row.alias_of}")
    elif row.shares:
        first, *others = row.shares
        found.append(f"≡ {first} +{len(others)}" if others else f"≡ {first}")
    return " ".join(found)


def short_flags(row: TensorRow) -> str:
    """The same in a few cells: `NaN ≡`."""
    found = ["NaN"] if row.nan else []
    found += ["Inf"] if row.inf else []
    found += ["≡"] if row.alias_of or row.shares else []
    return " ".join(found)


COLUMNS = (
    Column("name", 0, lambda row: row.path),
    Column("shape", 1, lambda row: shape_text(row.shape)),
    Column("dtype", 2, lambda row: dtype_text(row.dtype)),
    Column("dev", 5, lambda row: row.device),
    Column("grad", 6, _grad),
    Column("mean", 4, lambda row: compact(row.mean), right=True),
    Column("min", 7, lambda row: compact(row.minimum), right=True),
    Column("max", 8, lambda row: compact(row.maximum), right=True),
    Column("", 3, flags, short=short_flags),
)
"""In drawing order."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column with its place: `x` from the left edge, `width` in cells."""

    column: Column
    x: int
    width: int
    text: Callable[[TensorRow], str]


def fit(rows: tuple[TensorRow, ...], width: int) -> tuple[Fitted, ...]:
    """The columns that fit `width`, after one cell for the change mark. The name always stays."""
    chosen: dict[int, tuple[int, Callable[[TensorRow], str]]] = {}
    room = width - 1
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        text = column.short or column.text
        size = _natural(column, text, rows)
        if column.rank == 0:
            size = max(1, min(size, _NAME_LIMIT, room))
        need = size + (_GAP if chosen else 0)
        if size and need <= room:
            chosen[column.rank] = size, text
            room -= need
    for column in COLUMNS:
        if column.short and column.rank in chosen:
            size = _natural(column, column.text, rows)
            if size - chosen[column.rank][0] <= room:
                chosen[column.rank] = size, column.text
    fitted, x = [], 1
    for column in COLUMNS:
        if column.rank in chosen:
            size, text = chosen[column.rank]
            fitted.append(Fitted(column, x, size, text))
            x += size + _GAP
    return tuple(fitted)


def cells(row: TensorRow, columns: tuple[Fitted, ...]) -> list[str]:
    """The texts of `row`, each exactly as wide as its column."""
    return [_pad(cut(one_line(c.text(row)), c.width), c.width, c.column.right) for c in columns]


def headings(columns: tuple[Fitted, ...]) -> list[str]:
    """The titles, each exactly as wide as its column."""
    return [_pad(cut(c.column.title, c.width), c.width, c.column.right) for c in columns]


def _natural(column: Column, text: Callable[[TensorRow], str], rows: tuple[TensorRow, ...]) -> int:
    """The width that shows every row whole; 0 for a column in which nothing stands."""
    widest = max((cell_len(one_line(text(row))) for row in rows), default=0)
    if column.title in ("", "grad") and not widest:
        return 0
    return max(widest, len(column.title))


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * max(0, width - cell_len(text))
    return space + text if right else text + space
