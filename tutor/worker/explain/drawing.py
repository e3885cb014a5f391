"""Shapes drawn under each other, with the columns that disagree marked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.plain import clip
from tutor.wire.explanation import AlignedRow, Alignment

Named = tuple[str, tuple[int, ...]]
_MOST_ROWS = 6
_MOST_COLUMNS = 16
_NAME = 60


def from_the_right(*operands: Named) -> Alignment | None:
    """As broadcasting does: last dimensions under each other; a 1 agrees with everything."""
    width = max((len(shape) for _, shape in operands), default=0)
    rows = [(name, ("",) * (width - len(shape)) + _texts(shape)) for name, shape in operands]
    marked = []
    for column in range(width):
        sizes = {cells[column] for _, cells in rows} - {"", "1"}
        if len(sizes) > 1:
            marked.append(column)
    return _alignment(rows, marked)


def from_the_left(*operands: Named, free: int | None = None) -> Alignment | None:
    """First dimensions under each other; all must be equal but the column `free`."""
    width = max((len(shape) for _, shape in operands), default=0)
    rows = [(name, _texts(shape) + ("",) * (width - len(shape))) for name, shape in operands]
    if free is not None and free < 0:
        free += width
    marked = [
        column
        for column in range(width)
        if column != free and len({cells[column] for _, cells in rows}) > 1
    ]
    return _alignment(rows, marked)


def product(left: Named, right: Named) -> Alignment | None:
    """A matrix product: the last dimension of the left stands over the one it is summed with."""
    (left_name, a), (right_name, b) = left, right
    if not a or not b:
        return None
    a_batch, b_batch = a[:-2], b[:-2]
    batches = max(len(a_batch), len(b_batch))
    rows_a = ("",) * (batches - len(a_batch)) + _texts(a_batch)
    rows_b = ("",) * (batches - len(b_batch)) + _texts(b_batch)
    first = _texts(a[-2:-1]) or ("",)
    last = _texts(b[-1:]) if len(b) > 1 else ("",)
    inner_a, inner_b = a[len(a) - 1], b[max(len(b) - 2, 0)]
    top = (*rows_a, *first, str(inner_a), "")
    bottom = (*rows_b, "", str(inner_b), *last)
    if len(b) == 1:
        top, bottom = top[:-1], bottom[:-1]
    marked = [batches + 1] if inner_a != inner_b else []
    for column in range(batches):
        sizes = {rows_a[column], rows_b[column]} - {"", "1"}
        if len(sizes) > 1:
            marked.insert(0, column)
    return _alignment([(left_name, top), (right_name, bottom)], marked)


def wanted(given: Named, wisher: str, column: int, size: int | str) -> Alignment | None:
    """One operand, and below it the size that `wisher` wants in one of its columns."""
    name, shape = given
    if not -len(shape) <= column < len(shape):
        return None
    column %= len(shape)
    wish = tuple(str(size) if place == column else "" for place in range(len(shape)))
    return _alignment([(name, _texts(shape)), (wisher, wish)], [column])


def _texts(shape: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, shape))


def _alignment(rows: list[tuple[str, tuple[str, ...]]], marked: list[int]) -> Alignment | None:
    if not rows or not rows[0][1] or len(rows[0][1]) > _MOST_COLUMNS:
        return None
    shown = rows[:_MOST_ROWS]
    return Alignment(
        tuple(AlignedRow(clip(name, _NAME), cells) for name, cells in shown), tuple(marked)
    )
