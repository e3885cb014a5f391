"""A grid of numbers as colours: half blocks, or shading where there are no colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

LEVELS = 32
"""Steps of the ramp: more would cost bytes that no eye sees."""
NOT_FINITE = 255
"""The level of NaN and infinity."""
SHADES = " ░▒▓█"


@dataclass(frozen=True, slots=True)
class HeatGrid:
    """`levels` holds rows × columns numbers 0–254 from low to high, 255 = not finite, row-major.
    `zero` is where 0 lies (0–1) when the numbers lie on both sides of it, else None."""

    rows: int
    columns: int
    levels: tuple[int, ...]
    zero: float | None = None

    def shrunk(self, columns: int, rows: int) -> HeatGrid:
        """At most so many columns and rows: a patch becomes its mean, or not finite whole."""
        across = -(-self.columns // max(1, columns))
        down = -(-self.rows // max(1, rows))
        if across <= 1 and down <= 1:
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
        return HeatGrid(-(-self.rows // down), -(-self.columns // across), tuple(levels), self.zero)

    def lines(self) -> list[tuple[int, ...]]:
        """The levels row by row."""
        return [
            self.levels[start : start + self.columns]
            for start in range(0, self.rows * self.columns, self.columns)
        ]


@dataclass(frozen=True, slots=True)
class Palette:
    """What a heat map is drawn with: 32 colours from low to high, one for the × of numbers that
    are not finite, and the ground behind everything."""

    colours: tuple[Color, ...]
    bad: Color
    ground: Color

    def of(self, level: int) -> Color:
        """The colour of a level."""
        if level == NOT_FINITE:
            return self.ground
        return self.colours[level * len(self.colours) // NOT_FINITE]


def ramp(low: Color, middle: Color, high: Color, zero: float | None) -> tuple[Color, ...]:
    """32 colours. Sequential (zero None): low → middle → high. Diverging: `middle` lies at
    `zero`, and what is equally far from it on both sides is equally strong."""
    colours = []
    for step in range(LEVELS):
        place = step / (LEVELS - 1)
        if zero is None:
            lower = place < 0.5
            colour = low.blend(middle, place * 2) if lower else middle.blend(high, place * 2 - 1)
        else:
            reach = max(zero, 1 - zero)
            distance = (place - zero) / reach
            colour = middle.blend(high if distance > 0 else low, min(1.0, abs(distance)))
        colours.append(colour)
    return tuple(colours)


def heat_strips(grid: HeatGrid, palette: Palette, wide: bool) -> list[Strip]:
    """One strip for every two rows (half blocks), or for every row with two columns a cell
    (`wide`). Cells that are not finite show "×"."""
    rows = grid.lines()
    if wide:
        return [_wide_strip(row, palette) for row in rows]
    return [
        _half_strip(rows[y], rows[y + 1] if y + 1 < len(rows) else None, palette)
        for y in range(0, len(rows), 2)
    ]


def shade_strips(grid: HeatGrid, style: Style, wide: bool) -> list[Strip]:
    """The same without colours: ░▒▓█ by size, × for what is not finite; one strip a row."""
    strips = []
    for row in grid.lines():
        text = "".join(shade(level) * (2 if wide else 1) for level in row)
        strips.append(Strip([Segment(text, style)], len(text)))
    return strips


def shade(level: int) -> str:
    """The shading character of a level."""
    return "×" if level == NOT_FINITE else SHADES[level * len(SHADES) // NOT_FINITE]


def legend_strip(
    low: str, high: str, note: str, palette: Palette | None, style: Style, width: int
) -> Strip:
    """`low ▒▒▒▒ high`: the ramp between the two numbers that its ends stand for."""
    steps = 16 if width >= 40 else 8
    levels = [round(254 * step / (steps - 1)) for step in range(steps)]
    if palette is None:
        bar = [Segment(shade(level), style) for level in levels]
    else:
        bar = [Segment(" ", block_style(palette.ground, palette.of(level))) for level in levels]
    text = f"  {note}" if note else ""
    strip = Strip([Segment(f"low {low} ", style), *bar, Segment(f" {high} high{text}", style)])
    if strip.cell_length <= width:
        return strip
    return Strip.join([strip.crop(0, width - 1), Strip([Segment("…", style)], 1)])


def _wide_strip(row: Sequence[int], palette: Palette) -> Strip:
    segments = [
        Segment("× " if level == NOT_FINITE else "  ", block_style(palette.bad, palette.of(level)))
        for level in row
    ]
    return Strip(segments, 2 * len(row)).simplify()


def _half_strip(top: Sequence[int], bottom: Sequence[int] | None, palette: Palette) -> Strip:
    segments = []
    for column, level in enumerate(top):
        below = bottom[column] if bottom is not None else None
        if NOT_FINITE in (level, below):
            other = below if level == NOT_FINITE else level
            back = palette.ground if other is None else palette.of(other)
            segments.append(Segment("×", block_style(palette.bad, back)))
        else:
            lower = palette.ground if below is None else palette.of(below)
            segments.append(Segment("▀", block_style(palette.of(level), lower)))
    return Strip(segments, len(segments)).simplify()


@lru_cache(maxsize=4096)
def block_style(foreground: Color, background: Color) -> Style:
    """A Rich style, made once for each pair of colours."""
    return Style.from_color(foreground.rich_color, background.rich_color)
