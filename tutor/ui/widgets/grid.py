"""Small pictures of values side by side: columns aligned, differing cells marked."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len
from textual.content import Content

from tutor.ui.widgets.flow import cut_content
from tutor.ui.widgets.plain import one_line, plain
from tutor.wire.messages import Grid

_MARK = "▸"
_GAP = 4


def grid_lines(grid: Grid, width: int, widths: list[int] | None = None) -> list[Content]:
    """Title and shape, then the rows; cells that `marked` names are reversed, with a ▸ before."""
    widths = widths if widths is not None else column_widths(grid)
    marked = set(grid.marked)
    title = plain(one_line(grid.title), "bold")
    if grid.about:
        title += plain(f" {one_line(grid.about)}", "$text-muted")
    lines = [cut_content(title, width)]
    for row, cells in enumerate(grid.cells):
        line = Content("")
        for column, cell in enumerate(cells):
            text = Content(one_line(cell))
            room = max(0, widths[column] - text.cell_length)
            if (row, column) in marked:
                text = (
                    Content.styled(_MARK, "$text-error")
                    + Content(" " * room)
                    + text.stylize("bold reverse")
                )
            else:
                text = Content(" " * (room + 1)) + text
            line += text
            if column + 1 < len(cells):
                line += " "
        lines.append(cut_content(line, width))
    if grid.note:
        lines += plain(grid.note, "$text-muted").wrap(width)
    return lines


def column_widths(*grids: Grid) -> list[int]:
    """The widest cell of each column over all `grids`."""
    rows = [row for grid in grids for row in grid.cells]
    columns = max((len(row) for row in rows), default=0)
    return [
        max((cell_len(one_line(row[column])) for row in rows if column < len(row)), default=0)
        for column in range(columns)
    ]


def pair_lines(expected: Grid | None, got: Grid | None, width: int) -> list[Content]:
    """Both side by side with equal columns; one above the other where they do not fit."""
    if expected is None or got is None:
        only = expected or got
        return grid_lines(only, width) if only else []
    widths = column_widths(expected, got)
    left = grid_lines(expected, width, widths)
    right = grid_lines(got, width, widths)
    left_width = max(line.cell_length for line in left)
    right_width = max(line.cell_length for line in right)
    if width < 56 or left_width + _GAP + right_width > width:
        return [*left, Content(""), *right]
    return [
        (a or Content("")).pad_right(left_width + _GAP - (a or Content("")).cell_length)
        + (b or Content(""))
        for a, b in zip_longest(left, right)
    ]
