"""The picture of a tensor: numbers on coloured ground when they fit, else colours alone."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tutor.ui.widgets.heat import (
    NOT_FINITE,
    HeatGrid,
    Palette,
    block_style,
    heat_strips,
    legend_strip,
    ramp,
    shade_strips,
)
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import one_line
from tutor.wire.messages import TensorDetail


class HeatMap(Widget):
    """Draws the heat of a `TensorDetail` in the theme's colours, with a legend."""

    DEFAULT_CSS = """
    HeatMap {
        width: 1fr;
        height: auto;
        color: $foreground;
        & .heat--zero { color: $surface; }
        & .heat--low { color: $primary; }
        & .heat--high { color: $accent; }
        & .heat--top { color: $foreground; }
        & .heat--bad { color: $text-error; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heat--zero",
        "heat--low",
        "heat--high",
        "heat--top",
        "heat--bad",
    }

    MAX_ROWS: ClassVar[int] = 24
    """Rows on the screen; where the tensor has more, neighbours are averaged."""

    def __init__(self, detail: TensorDetail | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._detail = detail
        self._drawn: tuple[object, list[Strip]] | None = None

    def show(self, detail: TensorDetail | None) -> None:
        """Replace the tensor."""
        self._detail = detail
        self._drawn = None
        self.refresh(layout=True)

    def notify_style_update(self) -> None:
        self._drawn = None
        super().notify_style_update()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._strips(width))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        strips = self._strips(width)
        style = self.rich_style
        return (strips[y] if y < len(strips) else Strip.blank(0)).adjust_cell_length(width, style)

    def _strips(self, width: int) -> list[Strip]:
        key = (width, self.app.theme)
        if self._drawn is None or self._drawn[0] != key:
            detail = self._detail
            self._drawn = (key, self._draw(detail, width) if detail and detail.heat else [])
        return self._drawn[1]

    def _draw(self, detail: TensorDetail, width: int) -> list[Strip]:
        grid = heat_grid(detail)
        palette = None if self.app.no_color else self._palette(grid.zero)
        notes = ["× not finite"] if NOT_FINITE in grid.levels else []
        rows = value_strips(detail, palette, self.rich_style, width)
        if not rows:
            wide = grid.columns * 2 <= width and grid.rows * 2 <= self.MAX_ROWS
            limit = self.MAX_ROWS if palette is None or wide else self.MAX_ROWS * 2
            shown = grid.shrunk(width // (2 if wide else 1), limit)
            if shown is not grid:
                notes.append(f"{grid.rows}×{grid.columns} averaged to {shown.rows}×{shown.columns}")
            if palette is None:
                rows = shade_strips(shown, self.rich_style, wide)
            else:
                rows = heat_strips(shown, palette, wide)
        if detail.slice_note:
            notes.append(one_line(detail.slice_note))
        low, high = compact(detail.low), compact(detail.high)
        legend = legend_strip(low, high, " · ".join(notes), palette, self.rich_style, width)
        return [*rows, legend]

    def _palette(self, zero: float | None) -> Palette:
        def named(name: str) -> Color:
            return self.get_component_styles(f"heat--{name}").color

        if zero is None:
            colours = ramp(named("zero"), named("low"), named("top"), None)
        else:
            colours = ramp(named("low"), named("zero"), named("high"), zero)
        return Palette(colours, named("bad"), self.background_colors[1])


def heat_grid(detail: TensorDetail) -> HeatGrid:
    """The heat of `detail`, with zero placed when the numbers lie on both sides of it."""
    low, high = detail.low, detail.high
    both = low is not None and high is not None and low < 0 < high
    zero = -low / (high - low) if both else None  # type: ignore[operator]
    return HeatGrid(detail.heat_rows, detail.heat_columns, detail.heat, zero)


def value_strips(detail: TensorDetail, palette: Palette | None, style, width: int) -> list[Strip]:
    """Every number on the colour it stands for; [] where they do not all fit."""
    values = [[one_line(cell) for cell in row] for row in detail.values]
    if not values or len(values) != detail.heat_rows:
        return []
    columns = detail.heat_columns
    widest = max((cell_len(cell) for row in values for cell in row), default=0)
    if any(len(row) != columns for row in values) or (widest + 2) * columns > width:
        return []
    strips = []
    for number, row in enumerate(values):
        segments = []
        for column, cell in enumerate(row):
            look = style
            if palette is not None:
                ground = palette.of(detail.heat[number * columns + column])
                text = ground.get_contrast_text(1.0)
                look = block_style(ground + text, ground)
            segments.append(Segment(" " * (widest + 1 - cell_len(cell)) + cell + " ", look))
        strips.append(Strip(segments, (widest + 2) * columns))
    return strips
