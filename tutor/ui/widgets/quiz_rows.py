"""A list of rows with a cursor: what every question that is answered by picking is made of."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive
from textual.widget import Widget

from tutor.ui.widgets.flow import Flow, indented


class RowList(Flow, can_focus=True):
    """Up, Down and number keys move the cursor; Space and Enter do what the subclass says.

    A row may take several lines. A click goes to the row under it, and then does what Space does.
    """

    DEFAULT_CSS = """
    RowList { padding: 0 1; color: $foreground; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="quiz.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="quiz.down"),
        Binding("enter", "submit", "Answer", show=False, id="quiz.submit"),
    ]

    cursor: reactive[int] = reactive(0, init=False)

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self._row_of_line: list[int] = []

    # ------------------------------------------------------- what subclasses say

    def row(self, number: int, width: int) -> list[Content]:
        """The lines of one row."""
        raise NotImplementedError

    def between(self, number: int, width: int) -> list[Content]:
        """Lines above row `number` that belong to no row; `number` is `count` below the last."""
        return []

    def action_choose(self) -> None:
        """Space, a number key, or a click on the row."""
        raise NotImplementedError

    def action_submit(self) -> None:
        """Enter."""
        raise NotImplementedError

    # ------------------------------------------------------- moving

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self) -> None:
        self.reflow()
        self.call_after_refresh(self._show_cursor)

    def watch_has_focus(self, _focus: bool) -> None:
        self.reflow()

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in "123456789":
            number = int(event.character) - 1
            if number < self.count:
                event.stop()
                self.number_pressed(number)

    def number_pressed(self, number: int) -> None:
        self.cursor = number
        self.action_choose()

    def on_click(self, event: events.Click) -> None:
        number = self.row_at(event)
        if number is not None:
            self.cursor = number
            self.action_choose()

    def row_at(self, event: events.MouseEvent) -> int | None:
        """The row under the mouse."""
        line = event.get_content_offset(self)
        if line is None or not 0 <= line.y < len(self._row_of_line):
            return None
        number = self._row_of_line[line.y]
        return number if number >= 0 else None

    def _show_cursor(self) -> None:
        """Scroll what holds this list until the whole row can be seen."""
        if self.cursor not in self._row_of_line or not self.has_focus:
            return
        top = self._row_of_line.index(self.cursor)
        area = self.content_region
        row = Region(area.x, area.y + top, area.width, self._row_of_line.count(self.cursor))
        for holder in self.ancestors:
            if isinstance(holder, Widget) and holder.allow_vertical_scroll:
                inside = row.translate(holder.scroll_offset - holder.content_region.offset)
                holder.scroll_to_region(inside, animate=False, x_axis=False)
                return

    # ------------------------------------------------------- drawing

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        rows: list[int] = []
        for number in range(self.count + 1):
            above = self.between(number, width)
            drawn = self.row(number, width) if number < self.count else []
            lines += [*above, *drawn]
            rows += [-1] * len(above) + [number] * len(drawn)
        self._row_of_line = rows
        return lines

    def marked(self, number: int, mark: str, body: list[Content]) -> list[Content]:
        """`body` behind `mark`, with the cursor in front where it is."""
        here = number == self.cursor and self.has_focus
        start = Content(f"{'›' if here else ' '} {mark}")
        if here:
            body = [line.stylize("bold") for line in body]
            start = start.stylize("bold reverse")
        return indented(body, " " * start.cell_length, start + "")
