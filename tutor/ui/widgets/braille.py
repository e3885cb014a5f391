"""Dots of a curve: eight in a character, columns filled from the lowest to the highest value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tutor.session.series import Series

PATTERNS: tuple[tuple[int, int], ...] = ((1, 1), (4, 6), (1, 3), (7, 9))
"""Dot columns drawn, of how many, for each kind of line."""
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""By column and row within a character, the first row at the top."""
Extent = tuple[float, float]
"""Lowest and highest value of a dot column."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where numbers lie on a grid of `columns` × `rows` dots, the highest value on row 0."""

    left: float
    right: float
    low: float
    high: float
    columns: int
    rows: int
    log: bool = False

    def column(self, x: float) -> int:
        """The dot column of `x`."""
        span = self.right - self.left
        place = (x - self.left) / span * (self.columns - 1) if span > 0 else 0.0
        return max(0, min(self.columns - 1, round(place)))

    def row(self, y: float) -> int | None:
        """The dot row of `y`; None beyond the edges, and for y ≤ 0 on a log scale."""
        if self.log:
            if y <= 0:
                return None
            low, high, y = math.log10(self.low), math.log10(self.high), math.log10(y)
        else:
            low, high = self.low, self.high
        part = (high - y) / (high - low) if high > low else 0.5
        return round(part * (self.rows - 1)) if -0.01 <= part <= 1.01 else None


class Dots:
    """A grid of characters; each remembers the first line that put a dot into it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._masks = bytearray(width * height)
        self._owners = [-1] * (width * height)

    def fill(self, column: int, top: int, bottom: int, owner: int) -> None:
        """Dots of one column from row `top` down to `bottom`, both included."""
        cell, bits = column // 2, _BITS[column % 2]
        for row in range(top, bottom + 1):
            place = row // 4 * self.width + cell
            self._masks[place] |= bits[row % 4]
            if self._owners[place] < 0:
                self._owners[place] = owner

    def row(self, number: int) -> list[tuple[str, int]]:
        """Runs of characters of one owner, from the left; blanks belong to -1."""
        runs: list[tuple[str, int]] = []
        start = number * self.width
        text, owner = "", -2
        for place in range(start, start + self.width):
            mask = self._masks[place]
            character = chr(0x2800 + mask) if mask else " "
            mine = self._owners[place] if mask else -1
            if mine != owner and text:
                runs.append((text, owner))
                text = ""
            owner = mine
            text += character
        if text:
            runs.append((text, owner))
        return runs


def extents(series: Series, left: float, right: float, columns: int) -> list[Extent | None]:
    """What each dot column must show; a spike of one point survives. Few points are joined.

    Holes in the series stay holes. Costs about the same whatever the number of points.
    """
    span = series.span()
    if span is None or columns < 1:
        return []
    scale = Scale(left, right, 0.0, 1.0, columns, 1)
    if len(series) <= columns:
        return _joined(series, scale)
    found: list[Extent | None] = [None] * columns
    first_column, last_column = scale.column(span[0]), scale.column(span[1])
    width = (right - left) / max(1, columns - 1)
    start = 0
    for column in range(first_column, last_column + 1):
        edge = left + (column + 0.5) * width
        stop = series.between(edge, math.inf)[0] if column < last_column else len(series)
        if stop > start:
            found[column] = series.extremes(start, stop)
        elif column > first_column:
            found[column] = found[column - 1]
        start = stop
    return found


def _joined(series: Series, scale: Scale) -> list[Extent | None]:
    found: list[Extent | None] = [None] * scale.columns
    before: tuple[int, float] | None = None
    for x, y in series:
        if y != y:
            before = None
            continue
        column = scale.column(x)
        if before is not None and column > before[0] + 1:
            step = (y - before[1]) / (column - before[0])
            for between in range(before[0] + 1, column):
                value = before[1] + step * (between - before[0])
                found[between] = (value, value)
        known = found[column]
        found[column] = (y, y) if known is None else (min(known[0], y), max(known[1], y))
        before = column, y
    return found


def draw(
    dots: Dots, scale: Scale, found: Sequence[Extent | None], pattern: int, owner: int
) -> None:
    """Draw the columns as one connected line. A break of the pattern never hides a spike."""
    shown, period = PATTERNS[pattern % len(PATTERNS)]
    before: tuple[int, int] | None = None
    for column, extent in enumerate(found):
        if extent is None:
            before = None
            continue
        low, high = extent
        top, bottom = scale.row(high), scale.row(low)
        if scale.log and bottom is None and high > 0:
            bottom = scale.rows - 1 if low <= 0 else None
        if top is None or bottom is None:
            top, bottom = _clipped(scale, low, high)
        if top is None or bottom is None:
            before = None
            continue
        from_row, to_row = top, bottom
        if before is not None:  # touch the neighbour
            if before[1] < from_row:
                from_row = before[1] + 1
            elif before[0] > to_row:
                to_row = before[0] - 1
        if column % period < shown or bottom - top > 2:
            dots.fill(column, min(from_row, to_row), max(from_row, to_row), owner)
        before = top, bottom


def _clipped(scale: Scale, low: float, high: float) -> tuple[int | None, int | None]:
    """The rows of the part that lies inside the picture."""
    if high < scale.low or low > scale.high:
        return None, None
    return scale.row(min(high, scale.high)), scale.row(max(low, scale.low))
