"""Which columns of the tensors table fit a width, and what stands in them; pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len

from tutor.text import dtype_text, sanitize, shape_text
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.numbers import compact
from tutor.wire.messages import TensorRow

MARKS = {"added": "+", "rebound": "↻", "mutated": "~", "gradient": "∇", "": " "}
"""What the last run did to a tensor."""

WORDS = {"added": "new", "rebound": "rebound", "mutated": "changed", "gradient": "new gradient"}

_GAP = 2
_NAME_LIMIT = 24


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Columns with a low `rank` stay when the room gets small."""

    title: str
    rank: int
    text: Callable[[TensorRow], str]
    right: bool = False


def _grad(row: TensorRow) -> str:
    if row.has_grad:
        return "∇ has"
    return "∇" if row.requires_grad or row.grad_fn else ""


def flags(row: TensorRow) -> str:
    """`⛓` for shared memory, and the words for numbers that are not finite."""
    found = []
    if row.nan:
        found.append("NaN!")
    if row.inf:
        found.append("Inf!")
    if row.alias_of:
        found.append(f"⛓ {row.alias_of}")
    elif row.shares:
        found.append("⛓")
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
    Column("", 3, flags),
)
"""In drawing order."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column with its place: `x` from the left edge, `width` in cells."""

    column: Column
    x: int
    width: int


def fit(rows: tuple[TensorRow, ...], width: int) -> tuple[Fitted, ...]:
    """The columns that fit `width`, after one cell for the change mark. The name always stays."""
    natural = {column.rank: _natural(column, rows) for column in COLUMNS}
    natural[0] = min(natural[0], _NAME_LIMIT)
    used, chosen = 1, set()
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        size = natural[column.rank]
        if not size:
            continue
        need = size + (_GAP if chosen else 0)
        if used + need > width and chosen:
            continue
        chosen.add(column.rank)
        used += need
    natural[0] = min(natural[0], max(1, width - 1)) + max(0, min(0, width - used))
    fitted, x = [], 1
    for column in COLUMNS:
        if column.rank in chosen:
            fitted.append(Fitted(column, x, natural[column.rank]))
            x += natural[column.rank] + _GAP
    return tuple(fitted)


def cells(row: TensorRow, columns: tuple[Fitted, ...]) -> list[str]:
    """The texts of `row`, each exactly as wide as its column."""
    return [
        _pad(cut(sanitize(c.column.text(row)), c.width), c.width, c.column.right) for c in columns
    ]


def headings(columns: tuple[Fitted, ...]) -> list[str]:
    return [_pad(cut(c.column.title, c.width), c.width, c.column.right) for c in columns]


def _natural(column: Column, rows: tuple[TensorRow, ...]) -> int:
    widest = max((cell_len(sanitize(column.text(row))) for row in rows), default=0)
    if column.title in ("", "grad") and not widest:
        return 0
    return max(widest, len(column.title))


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * max(0, width - cell_len(text))
    return space + text if right else text + space
