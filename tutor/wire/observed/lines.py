"""What the lines of cells made, in shapes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tutor.wire.base import Count, Line, Message, Name

MOST_VALUES = 400
"""Values told of one cell."""
MOST_CELLS = 20

Size = tuple[Count, Count]
Ranges = Annotated[tuple[Size, ...], Meta(max_length=64)]


class LineValue(Message, frozen=True, tag=True):
    """One name that a line bound. `shapes`: for each number of dimensions seen, the lowest and
    highest size of every dimension. `items`: lowest and highest length, where it was a list or
    tuple of tensors. `device` is "" for the CPU."""

    line: Count
    name: Line
    shapes: Annotated[tuple[Ranges, ...], Meta(max_length=8)]
    dtypes: Annotated[tuple[Name, ...], Meta(max_length=8)] = ()
    device: Name = ""
    items: Size | None = None
    array: bool = False


class CellLines(Message, frozen=True, tag=True):
    """All values of the text of `block` that ran as `text_run`, in the order of its lines."""

    block: Name
    text_run: int
    values: Annotated[tuple[LineValue, ...], Meta(max_length=MOST_VALUES)]


class LinesSeen(Message, frozen=True, tag=True):
    """Whole cells, never differences. Besides the cell that runs also earlier ones, whose
    functions it called."""

    run: int
    cells: Annotated[tuple[CellLines, ...], Meta(max_length=MOST_CELLS)]
