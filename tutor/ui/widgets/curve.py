"""Curves with axes in braille dots: a pure drawing function, and the widget around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tutor.session.series import Series
from tutor.ui.widgets.axes import label, ticks
from tutor.ui.widgets.braille import Dots, Extent, Scale, draw, extents
from tutor.ui.widgets.flow import cut

Role = Literal["", "axis", "line0", "line1", "line2", "line3", "mark", "faint", "bad"]
Row = list[tuple[str, Role]]
LINES: tuple[str, ...] = ("━━", "╍╍", "┈┈", "━╸")
"""What each kind of line looks like in a legend."""
MARK, BAD = "×", "✗"
_ROLES: tuple[Role, ...] = ("line0", "line1", "line2", "line3")


@dataclass(frozen=True, slots=True)
class Trace:
    """One series to draw. line: dots in one of four patterns; mark: × on every point; faint:
    a line behind the others. `bad_at` is where it stopped being a number."""

    label: str
    series: Series = field(default_factory=Series)
    kind: Literal["line", "mark", "faint"] = "line"
    bad_at: float | None = None


def chart(
    traces: Sequence[Trace], width: int, height: int, log: bool = False, unit: str = ""
) -> list[Row]:
    """`height` rows of `width` cells: the curves, numbers on both axes, `unit` below.

    The numbers fit the lines and marks; what is faint may reach a little beyond them. On a log
    scale what is 0 or less is left out.
    """
    drawn = [trace for trace in traces if trace.series]
    spans = [span for trace in drawn if (span := trace.series.span())]
    if not spans or height < 4 or width < 16:
        return []
    left, right = min(span[0] for span in spans), max(span[1] for span in spans)
    if right <= left:
        right = left + 1
    columns_guess = (width - 8) * 2
    guess = [extents(trace.series, left, right, columns_guess) for trace in drawn]
    bounds = _bounds(drawn, guess, log)
    if bounds is None:
        return []
    low, high = bounds
    rows = height - 2
    numbers = ticks(low, high, max(2, min(6, rows // 2)), log)
    margin = max([cell_len(label(number)) for number in numbers] or [1])
    inner = width - margin - 1
    scale = Scale(left, right, low, high, inner * 2, rows * 4, log)
    dots = Dots(inner, rows)
    kinds: list[Role] = []
    for trace, found in _in_order(drawn, guess):
        number = sum(1 for role in kinds if role.startswith("line"))
        role: Role = "faint" if trace.kind == "faint" else _ROLES[number % len(_ROLES)]
        if inner * 2 != columns_guess:
            found = extents(trace.series, left, right, inner * 2)
        kinds.append(role)
        pattern = 2 if trace.kind == "faint" else number
        draw(dots, scale, found, pattern, len(kinds) - 1)
    body: list[Row] = [
        [(t, kinds[owner] if owner >= 0 else "") for t, owner in dots.row(n)] for n in range(rows)
    ]
    body = _marked(body, drawn, scale)
    at = {row // 4: number for number in numbers if (row := scale.row(number)) is not None}
    picture = [_beside(at.get(number), margin) + row for number, row in enumerate(body)]
    return [*picture, *_below(left, right, margin, inner, unit)]


def legend(traces: Sequence[Trace], width: int, values: Sequence[str] = ()) -> list[Row]:
    """What each line is, as many on a row as fit. `values` are told after the labels."""
    rows: list[Row] = [[]]
    room = width
    number = 0
    for place, trace in enumerate(traces):
        role: Role = "mark" if trace.kind == "mark" else "faint"
        glyph = MARK if trace.kind == "mark" else LINES[2]
        if trace.kind == "line":
            role, glyph = _ROLES[number % len(_ROLES)], LINES[number % len(LINES)]
            number += 1
        value = values[place] if place < len(values) else ""
        name = cut(trace.label, max(1, width - cell_len(f"{glyph}  {value}")))
        entry: Row = [(f"{glyph} ", role), (f"{name} " if value else name, ""), (value, "mark")]
        size = sum(cell_len(text) for text, _ in entry)
        if rows[-1] and size + 2 > room:
            rows.append([])
            room = width
        if rows[-1]:
            rows[-1].append(("  ", ""))
            room -= 2
        rows[-1] += entry
        room -= size
    return [row for row in rows if row]


def _in_order(
    traces: Sequence[Trace], found: Sequence[list[Extent | None]]
) -> list[tuple[Trace, list[Extent | None]]]:
    """Lines first, for the first dot in a character gives its colour; marks come later."""
    pairs = [pair for pair in zip(traces, found, strict=True) if pair[0].kind != "mark"]
    return sorted(pairs, key=lambda pair: pair[0].kind == "faint")


def _bounds(
    traces: Sequence[Trace], found: Sequence[list[Extent | None]], log: bool
) -> tuple[float, float] | None:
    """The lowest and highest number to show; a little apart where all are the same."""
    main = _range([e for t, e in zip(traces, found, strict=True) if t.kind != "faint"], log)
    faint = _range([e for t, e in zip(traces, found, strict=True) if t.kind == "faint"], log)
    if main is None:
        main = faint
    if main is None:
        return None
    low, high = main
    if faint is not None and not log:
        reach = high - low
        low, high = max(min(low, faint[0]), low - reach), min(max(high, faint[1]), high + reach)
    elif faint is not None:
        low, high = max(min(low, faint[0]), low / 10), min(max(high, faint[1]), high * 10)
    if high > low:
        return low, high
    return (low / 2, high * 2) if log else (low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2)


def _range(found: Sequence[list[Extent | None]], log: bool) -> tuple[float, float] | None:
    extents_ = [extent for line in found for extent in line if extent is not None]
    if log:
        values = [value for extent in extents_ for value in extent if value > 0]
        return (min(values), max(values)) if values else None
    if not extents_:
        return None
    return min(low for low, _ in extents_), max(high for _, high in extents_)


def _marked(body: list[Row], traces: Sequence[Trace], scale: Scale) -> list[Row]:
    """With × on the points of marked traces, and ✗ where a line stopped being a number."""
    marks: dict[tuple[int, int], tuple[str, Role]] = {}
    for trace in traces:
        if trace.kind == "mark":
            found = extents(trace.series, scale.left, scale.right, scale.columns // 2)
            if len(trace.series) <= scale.columns // 2:
                points = [(scale.column(x) // 2, y) for x, y in trace.series if y == y]
            else:
                points = [(column, extent[1]) for column, extent in enumerate(found) if extent]
            for column, y in points:
                row = scale.row(y)
                if row is not None:
                    marks[row // 4, column] = (MARK, "mark")
        if trace.bad_at is not None and trace.kind != "faint":
            marks[0, scale.column(trace.bad_at) // 2] = (BAD, "bad")
    for (row, column), mark in sorted(marks.items()):
        body[row] = _replaced(body[row], column, mark)
    return body


def _replaced(row: Row, column: int, mark: tuple[str, Role]) -> Row:
    """`row` with one cell replaced; every run in it has one cell a character."""
    result: Row = []
    start = 0
    for text, role in row:
        if start <= column < start + len(text):
            place = column - start
            result += [(text[:place], role), mark, (text[place + 1 :], role)]
        else:
            result.append((text, role))
        start += len(text)
    return [(text, role) for text, role in result if text]


def _beside(number: float | None, margin: int) -> Row:
    if number is None:
        return [(" " * margin + "│", "axis")]
    text = label(number)
    return [(" " * (margin - cell_len(text)) + text + "┤", "axis")]


def _below(left: float, right: float, margin: int, inner: int, unit: str) -> list[Row]:
    """The line under the picture, and the numbers under that."""
    first, last = _count(left), _count(right)
    room = inner - len(first) - len(last)
    middle = cut(unit, max(0, room - 2)).center(max(1, room))
    line = " " * margin + "└" + "─" * inner
    return [[(line, "axis")], [(" " * (margin + 1) + first + middle + last, "axis")]]


def _count(x: float) -> str:
    return f"{round(x):,}"


def small(series: Series, cells: int) -> str:
    """The whole series in a few characters ▁▂▃▄▅▆▇█: the highest value of each part, × for none."""
    span = series.span()
    if span is None or cells < 1:
        return ""
    count = len(series)
    cells = min(cells, count)
    found = [
        series.extremes(count * cell // cells, max(1, count * (cell + 1) // cells))
        for cell in range(cells)
    ]
    tops = [extent[1] for extent in found if extent]
    if not tops:
        return MARK * cells
    low, high = min(tops), max(tops)
    return "".join(_bar(extent, low, high) for extent in found)


def _bar(extent: Extent | None, low: float, high: float) -> str:
    if extent is None:
        return MARK
    part = (extent[1] - low) / (high - low) if high > low else 0.0
    return "▁▂▃▄▅▆▇█"[min(7, math.floor(part * 8))]


class CurveView(Widget):
    """Draws `traces` with their legend; `log` switches the scale of the numbers at the left."""

    DEFAULT_CSS = """
    CurveView {
        width: 1fr;
        height: 12;
        color: $foreground;
        & .curve--axis { color: $text-muted; }
        & .curve--line0 { color: $text-primary; }
        & .curve--line1 { color: $text-accent; }
        & .curve--line2 { color: $text-secondary; }
        & .curve--line3 { color: $foreground; }
        & .curve--mark { color: $foreground; text-style: bold; }
        & .curve--faint { color: $text-disabled 70%; }
        & .curve--bad { color: $text-error; text-style: bold; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"curve--{name}"
        for name in ("axis", "line0", "line1", "line2", "line3", "mark", "faint", "bad")
    }

    traces: reactive[tuple[Trace, ...]] = reactive((), init=False)
    values: reactive[tuple[str, ...]] = reactive((), init=False)
    """Told after the labels in the legend."""
    logarithmic: reactive[bool] = reactive(False, init=False)
    unit: reactive[str] = reactive("", init=False)
    """What is counted from left to right."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: tuple[object, list[Strip]] | None = None

    def notify_style_update(self) -> None:
        self._drawn = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        strips = self._strips()
        style = self.rich_style
        strip = strips[y] if y < len(strips) else Strip.blank(0)
        return strip.adjust_cell_length(self.size.width, style)

    def _strips(self) -> list[Strip]:
        key = (self.traces, self.values, self.logarithmic, self.unit, self.size, self.app.theme)
        if self._drawn is None or self._drawn[0] != key:
            width, height = self.size
            names = legend(self.traces, width, self.values)[: max(1, height - 6)]
            rows = chart(self.traces, width, height - len(names), self.logarithmic, self.unit)
            styles = self._styles()
            self._drawn = (
                key,
                [Strip([Segment(t, styles[role]) for t, role in row]) for row in [*rows, *names]],
            )
        return self._drawn[1]

    def _styles(self) -> dict[Role, Style]:
        base = self.rich_style
        roles: list[Role] = [*_ROLES, "axis", "mark", "faint", "bad"]
        found: dict[Role, Style] = {
            role: base + self.get_component_rich_style(f"curve--{role}", partial=True)
            for role in roles
        }
        found[""] = base
        return found
