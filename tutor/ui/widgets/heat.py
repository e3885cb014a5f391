"""A grid of numbers as colours: half blocks, or shading where there are no colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

LEVELS = 32
"""Steps of the ramp: more would cost bytes that no eye sees."""
NOT_FINITE = 255
"""The level of NaN and infinity."""
_SHADES = " ░▒▓█"


@dataclass(frozen=True, slots=True)
class HeatGrid:
    """`levels` holds rows × columns numbers 0–254 from low to high, 255 = not finite, row-major.
    `middle` is where zero lies (0–1) when the numbers lie on both sides of it, else None."""

    rows: int
    columns: int
    levels: tuple[int, ...]
    middle: float | None = None

    def shrunk(self, columns: int, rows: int) -> HeatGrid:
        """At most so many columns and rows: patches become their mean, or not finite whole."""
        across = max(1, -(-self.columns // max(1, columns)))
        down = max(1, -(-self.rows // max(1, rows)))
        if across == down == 1:
            return self
        levels = []
        for top in range(0, self.rows, down):
            for left in range(0, self.columns, across):
                patch = [
                    self.levels[row * self.columns + column]
                    for row in range(top, min(top + down, self.rows))
                    for column in range(left, min(left + across, self.columns))
                ]
                bad = NOT_FINITE in patch
                levels.append(NOT_FINITE if bad else sum(patch) // len(patch))
        return HeatGrid(
            -(-self.rows // down), -(-self.columns // across), tuple(levels), self.middle
        )


def ramp(low: Color, middle: Color, high: Color, zero: float | None) -> tuple[Color, ...]:
    """32 colours. Sequential (zero None): low → middle → high. Diverging: `middle` lies at `zero`,
    and equal distances from it are equally strong."""
    colours = []
    for step in range(LEVELS):
        place = step / (LEVELS - 1)
        if zero is None:
            colour = (
                low.blend(middle, place * 2) if place < 0.5 else middle.blend(high, place * 2 - 1)
            )
        else:
            reach = max(zero, 1 - zero) or 1.0
            distance = (place - zero) / reach
            colour = middle.blend(high if distance > 0 else low, min(1.0, abs(distance)))
        colours.append(colour)
    return tuple(colours)


def heat_strips(
    grid: HeatGrid, colours: Sequence[Color], bad: Color, ground: Color, wide: bool
) -> list[Strip]:
    """One strip for every two rows (half blocks), or every row with two columns a cell (`wide`).
    Cells that are not finite show "×"."""
    if wide:
        return [_wide_strip(row, colours, bad, ground) for row in _rows(grid)]
    rows = _rows(grid)
    return [
        _half_strip(rows[y], rows[y + 1] if y + 1 < len(rows) else None, colours, bad, ground)
        for y in range(0, len(rows), 2)
    ]


def shade_strips(grid: HeatGrid, style: Style, wide: bool) -> list[Strip]:
    """The same without colours: ░▒▓█ by size, × for what is not finite; one strip a row."""
    strips = []
    for row in _rows(grid):
        text = "".join(
            ("×" if level == NOT_FINITE else _SHADES[min(4, level * 5 // 255)]) * (2 if wide else 1)
            for level in row
        )
        strips.append(Strip([Segment(text, style)], len(text)))
    return strips


def _rows(grid: HeatGrid) -> list[tuple[int, ...]]:
    return [
        grid.levels[start : start + grid.columns]
        for start in range(0, grid.rows * grid.columns, grid.columns)
    ]


def _colour(level: int, colours: Sequence[Color], ground: Color) -> Color:
    return ground if level == NOT_FINITE else colours[level * len(colours) // 255]


def _wide_strip(row: Sequence[int], colours: Sequence[Color], bad: Color, ground: Color) -> Strip:
    segments = [
        Segment("× " if level == NOT_FINITE else "  ", _style(bad, _colour(level, colours, ground)))
        for level in row
    ]
    return Strip(segments, 2 * len(row)).simplify()


def _half_strip(
    top: Sequence[int],
    bottom: Sequence[int] | None,
    colours: Sequence[Color],
    bad: Color,
    ground: Color,
) -> Strip:
    segments = []
    for column, level in enumerate(top):
        below = bottom[column] if bottom is not None else None
        if NOT_FINITE in (level, below):
            other = below if level == NOT_FINITE else level
            back = ground if other is None else _colour(other, colours, ground)
            segments.append(Segment("×", _style(bad, back)))
        else:
            lower = ground if below is None else _colour(below, colours, ground)
            segments.append(Segment("▀", _style(_colour(level, colours, ground), lower)))
    return Strip(segments, len(segments)).simplify()


@lru_cache(maxsize=2048)
def _style(foreground: Color, background: Color) -> Style:
    return Style.from_color(foreground.rich_color, background.rich_color)


class HeatMap(Widget):
    """Draws a `HeatGrid` in the theme's colours; height follows the width it is given."""

    DEFAULT_CSS = """
    HeatMap {
        width: 1fr;
        height: auto;
        background: transparent;
        & .heat--low { color: $secondary; }
        & .heat--middle { color: $surface; }
        & .heat--high { color: $accent; }
        & .heat--strong { color: $primary; }
        & .heat--full { color: $foreground; }
        & .heat--bad { color: $error; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"heat--{name}" for name in ("low", "middle", "high", "strong", "full", "bad")
    }

    MAX_ROWS: ClassVar[int] = 24
    """Rows on the screen; more are averaged."""

    def __init__(self, grid: HeatGrid | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._grid = grid
        self._drawn: tuple[object, list[Strip]] | None = None

    @property
    def grid(self) -> HeatGrid | None:
        return self._grid

    def show(self, grid: HeatGrid | None) -> None:
        """Replace the grid."""
        self._grid = grid
        self._drawn = None
        self.refresh(layout=True)

    def shown_grid(self, width: int) -> tuple[HeatGrid, bool] | None:
        """What is drawn in `width` columns, and whether its cells are two columns wide."""
        grid = self._grid
        if grid is None or not grid.levels or width < 1:
            return None
        if grid.columns * 2 <= width and grid.rows <= self.MAX_ROWS // 2:
            return grid, True
        rows = self.MAX_ROWS if self.app.no_color else self.MAX_ROWS * 2
        return grid.shrunk(width, rows), False

    def notify_style_update(self) -> None:
        self._drawn = None
        super().notify_style_update()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._strips(width))

    def render_line(self, y: int) -> Strip:
        strips = self._strips(self.size.width)
        style = self.rich_style
        if y >= len(strips):
            return Strip.blank(self.size.width, style)
        return strips[y].adjust_cell_length(self.size.width, style)

    def colour(self, place: float) -> Style:
        """The style of a cell at `place` (0 low … 1 high), for legends."""
        colours, _, ground = self._palette()
        return _style(colours[round(place * (LEVELS - 1))], ground)

    def _strips(self, width: int) -> list[Strip]:
        key = (width, self.app.theme)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._draw(width))
        return self._drawn[1]

    def _draw(self, width: int) -> list[Strip]:
        shown = self.shown_grid(width)
        if shown is None:
            return []
        grid, wide = shown
        if self.app.no_color:
            return shade_strips(grid, self.rich_style, wide)
        colours, bad, ground = self._palette()
        return heat_strips(grid, colours, bad, ground, wide)

    def _palette(self) -> tuple[tuple[Color, ...], Color, Color]:
        def named(name: str) -> Color:
            return self.get_component_styles(f"heat--{name}").color

        zero = self._grid.middle if self._grid else None
        if zero is None:
            colours = ramp(named("middle"), named("strong"), named("full"), None)
        else:
            colours = ramp(named("strong"), named("middle"), named("high"), zero)
        _, ground = self.background_colors
        return colours, named("bad"), ground
