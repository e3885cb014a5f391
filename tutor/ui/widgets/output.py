"""What a run printed and the value it ended with: thousands of lines, only the visible drawn."""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tutor.session.snapshot import Output
from tutor.text import sanitize
from tutor.ui.widgets.flow import cut

_GUTTER = 2
_LAYOUT_ROWS = 64
"""Beyond so many rows the height is settled by max-height: no new layout while lines stream in."""


class OutputView(ScrollView):
    """Shows an `Output` and the value after it. Follows the end until the reader scrolls up."""

    DEFAULT_CSS = """
    OutputView {
        width: 1fr;
        height: auto;
        max-height: 12;
        background: $background;
        color: $foreground;
        overflow-x: auto;
        scrollbar-size-horizontal: 0;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & .output--notice { color: $text-warning; text-style: italic; }
        & .output--mark { color: $text-muted; }
        & .output--sign { color: $text-accent; text-style: bold; }
        &:focus { background: $boost; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"output--notice", "output--mark", "output--sign"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False, id="output.leave"),
    ]

    output: reactive[Output] = reactive(Output(), layout=False, init=False)
    """What was printed; texts are sanitised already."""
    value: reactive[str] = reactive("", layout=False, init=False)
    """repr of the last expression, drawn after an arrow."""

    def __init__(
        self,
        output: Output = Output(),  # noqa: B008  (a frozen value)
        value: str = "",
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = False
        self._value_lines: list[str] = []
        self._follow = True
        self._base = Style()
        self._looks: dict[str, Style] = {}
        self.set_reactive(OutputView.output, output)
        self.set_reactive(OutputView.value, value)
        self._split_value()

    @property
    def row_count(self) -> int:
        return len(self.output.lines) + len(self._value_lines)

    def on_mount(self) -> None:
        self._resize()

    def watch_output(self) -> None:
        self._resize()

    def watch_value(self) -> None:
        self._split_value()
        self._resize()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style
        names = ("notice", "mark", "sign")
        self._looks = {
            name: self._base + self.get_component_rich_style(f"output--{name}", partial=True)
            for name in names
        }
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width = self.scrollable_content_region.width
        base = self._base
        if note := self._more(y, scroll_y):
            strip = Strip([Segment(cut(note, width), self._looks["sign"])])
            return strip.adjust_cell_length(width, base)
        row = y + scroll_y
        if row >= self.row_count:
            return Strip.blank(width, base)
        text, style, mark = self._row(row)
        room = max(1, width - _GUTTER)
        strip = Strip([Segment(text, style)], cell_len(text))
        if (selection := self.text_selection) and (span := selection.get_span(row)):
            strip = _selected(text, span, style, style + self.selection_style)
        goes_on = strip.cell_length > scroll_x + room
        strip = strip.crop_extend(scroll_x, scroll_x + room, base).apply_offsets(scroll_x, row)
        if goes_on:
            strip = Strip.join(
                [strip.crop(0, room - 1), Strip([Segment("…", self._looks["sign"])])]
            )
        gutter = (
            Segment("… ", self._looks["sign"]) if scroll_x else Segment(mark, self._looks["mark"])
        )
        return Strip.join([Strip([gutter], _GUTTER), strip])

    def _row(self, row: int) -> tuple[str, Style, str]:
        """Text, style and gutter of one row."""
        lines = self.output.lines
        if row < len(lines):
            notice = lines[row].stream == "notice"
            return lines[row].text, self._looks["notice"] if notice else self._base, "  "
        mark = "→ " if row == len(lines) else "  "
        return self._value_lines[row - len(lines)], self._base, mark

    def _more(self, y: int, scroll_y: int) -> str:
        """What stands in the first or last row instead of its text while lines are out of sight."""
        height = self.scrollable_content_region.height
        below = self.row_count - scroll_y - height
        if height < 4:
            return ""
        if y == 0 and scroll_y > 0:
            return f"  … {scroll_y + 1:,} lines above"
        if y == height - 1 and below > 0:
            return f"  … {below + 1:,} lines below"
        return ""

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        lines = [line.text for line in self.output.lines]
        return selection.extract("\n".join([*lines, *self._value_lines])), "\n"

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follow = self.is_vertical_scroll_end

    def action_leave(self) -> None:
        for node in self.ancestors:
            if getattr(node, "focusable", False):
                node.focus()  # type: ignore[attr-defined]
                return

    def _split_value(self) -> None:
        text = sanitize(self.value).expandtabs(8)
        self._value_lines = text.split("\n") if text else []

    def _resize(self) -> None:
        follow = self._follow
        texts = [*map(attrgetter("text"), self.output.lines), *self._value_lines]
        size = Size(_widest(texts) + _GUTTER, len(texts))
        if min(size.height, _LAYOUT_ROWS) != min(self.virtual_size.height, _LAYOUT_ROWS):
            self.virtual_size = size
            if follow:
                self.call_after_refresh(self._to_end)
        else:
            self.set_reactive(Widget.virtual_size, size)  # type: ignore[arg-type]
            self._scroll_update(size)
            self.refresh()
            if follow:
                self._to_end()
        self.can_focus = size.height > 12 or size.width > max(20, self.size.width)

    def _to_end(self) -> None:
        self.scroll_end(animate=False, x_axis=False, immediate=True)


def _widest(texts: list[str]) -> int:
    """The widest text in cells. Nearly all texts are ASCII: then only C code touches them."""
    if all(map(str.isascii, texts)):
        return max(map(len, texts), default=0)
    return max(map(cell_len, texts))


def _selected(text: str, span: tuple[int, int], style: Style, chosen: Style) -> Strip:
    """One row with the part that the mouse selected in its own style."""
    start, end = span
    end = len(text) if end == -1 else end
    parts = [(text[:start], style), (text[start:end], chosen), (text[end:], style)]
    return Strip([Segment(part, look) for part, look in parts if part], cell_len(text))
