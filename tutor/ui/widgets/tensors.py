"""The learner's tensors as a table: what each is, and what the last run did to it."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.session.snapshot import TensorTable
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.plain import one_line, plain
from tutor.ui.widgets.tensor_columns import MARKS, Fitted, cells, fit, headings, key_line
from tutor.ui.widgets.tensor_folds import Entry, Fold, entries, key_of, root_of
from tutor.wire.messages import TensorRow

_EMPTY = (
    "No tensors yet.",
    "",
    "Run a cell that makes one, for example x = torch.ones(2, 3): it shows up here "
    "with its shape, its dtype and its mean.",
    "",
    "+ new   ~ changed in place   ↻ name given to another tensor   ∇ new gradient   "
    "≡ shares memory",
)


class TensorsPanel(ScrollView, can_focus=True):
    """Draws a `TensorTable`. Up and Down move, Enter opens the tensor under the cursor."""

    DEFAULT_CSS = """
    TensorsPanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & .tensors--heading { color: $text-muted; text-style: bold; }
        & .tensors--cursor { background: $primary-muted; text-style: bold; }
        & .tensors--cursor-blurred { text-style: bold; }
        & .tensors--added { color: $text-success; }
        & .tensors--changed { color: $text-warning; }
        & .tensors--gradient { color: $text-secondary; }
        & .tensors--shape { color: $text-primary; }
        & .tensors--bad { color: $text-error; text-style: bold; }
        & .tensors--quiet { color: $text-muted; }
        &:nocolor .tensors--cursor { text-style: reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"tensors--{name}"
        for name in (
            "heading", "cursor", "cursor-blurred", "added", "changed", "gradient", "shape", "bad",
            "quiet",
        )
    }  # fmt: skip

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="tensors.up"),
        Binding("down", "move(1)", "Down", show=False, id="tensors.down"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="tensors.page_up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="tensors.page_down"),
        Binding("home", "move(-100000)", "First", show=False, id="tensors.first"),
        Binding("end", "move(100000)", "Last", show=False, id="tensors.last"),
        Binding("enter", "open", "Open", show=False, id="tensors.open"),
        Binding("right", "fold(False)", "Unfold", show=False, id="tensors.unfold"),
        Binding("left", "fold(True)", "Fold", show=False, id="tensors.fold"),
        Binding("g", "graph", "Graph", show=False, id="tensors.graph"),
    ]

    table: reactive[TensorTable] = reactive(TensorTable(), init=False)
    cursor: reactive[int] = reactive(0, init=False)
    """Row under the cursor."""

    class TensorOpened(Message):
        """The learner chose the tensor at `path`."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class GraphWanted(Message):
        """The learner asked for the autograd graph of the tensor at `path`."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(
        self,
        table: TensorTable = TensorTable(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(TensorsPanel.table, table)
        self._fitted: tuple[int, tuple[Fitted, ...]] | None = None
        self._notes: list[str] = []
        self._unfolded: set[str] = set()
        self._folded: set[str] = set()
        self._entries = entries(table.rows, (), ())

    @property
    def current(self) -> TensorRow | None:
        """The tensor under the cursor; None on the line of a model or container."""
        entry = self._entry
        return entry if isinstance(entry, TensorRow) else None

    @property
    def _entry(self) -> Entry | None:
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def watch_table(self) -> None:
        self._arrange()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._entries) - 1))

    def watch_cursor(self, cursor: int) -> None:
        top = round(self.scroll_y)
        room = max(1, self.size.height - 1)
        if cursor < top:
            self.scroll_to(y=cursor, animate=False)
        elif cursor >= top + room:
            self.scroll_to(y=cursor - room + 1, animate=False)
        self.refresh()

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_open(self) -> None:
        if isinstance(entry := self._entry, Fold):
            self.action_fold(entry.open)
        elif entry is not None:
            self.post_message(self.TensorOpened(entry.path))

    def action_fold(self, fold: bool) -> None:
        """Close or open what the name under the cursor holds; Left on a part closes the whole."""
        if self._entry is None:
            return
        entry = self._entry
        name = entry.name if isinstance(entry, Fold) else root_of(entry.path)
        at = [key_of(one) for one in self._entries]
        if f"{name}/" not in at:
            return
        decided, other = (self._folded, self._unfolded) if fold else (self._unfolded, self._folded)
        decided.add(name)
        other.discard(name)
        if fold:
            self.set_reactive(TensorsPanel.cursor, at.index(f"{name}/"))
        self._arrange()
        self.watch_cursor(self.cursor)

    def action_graph(self) -> None:
        if self.current:
            self.post_message(self.GraphWanted(self.current.path))

    def on_click(self, event: events.Click) -> None:
        row = event.y - 1 + round(self.scroll_y)
        if event.y > 0 and row < len(self._entries):
            again = row == self.cursor and event.chain > 1
            self.cursor = row
            if again or isinstance(self._entry, Fold):
                self.action_open()

    def _arrange(self) -> None:
        """New lines; the cursor stays on what it was on."""
        before = self._entry
        self._entries = entries(self.table.rows, self._unfolded, self._folded)
        keys = [key_of(entry) for entry in self._entries]
        old = key_of(before) if before is not None else ""
        cursor = keys.index(old) if old in keys else min(self.cursor, max(0, len(keys) - 1))
        self.set_reactive(TensorsPanel.cursor, cursor)
        self._fit()

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        if not self.table.rows:
            lines = self._empty_lines(width)
            text = lines[y] if y < len(lines) else ""
            return _line([(text, base + self._look("quiet"))], width, base)
        columns = self._columns(width)
        if y == 0:
            text = " " + "  ".join(headings(columns))
            return _line([(text, base + self._look("heading"))], width, base)
        index = y - 1 + round(self.scroll_y)
        if index < len(self._entries):
            entry = self._entries[index]
            if isinstance(entry, Fold):
                return self._fold_line(entry, index, width)
            return self._row(entry, index, columns, width)
        note = index - len(self._entries)
        text = self._notes[note] if note < len(self._notes) else ""
        return _line([(cut(text, width), base + self._look("quiet"))], width, base)

    def _fold_line(self, fold: Fold, index: int, width: int) -> Strip:
        base = self._base_of(index)
        sign = "▾" if fold.open else "▸"
        look = {"added": "added", "gradient": "gradient"}.get(next(iter(fold.changes), ""), "quiet")
        if fold.not_finite:
            look = "bad"
        head = f"{sign} {one_line(fold.name)}  "
        parts = [(cut(head, width), base)]
        parts.append((cut(fold.text, max(0, width - cell_len(head))), base + self._look(look)))
        return _line(parts, width, base)

    def _base_of(self, index: int) -> Style:
        base = self.rich_style
        if index == self.cursor:
            base += self._look("cursor" if self.has_focus else "cursor-blurred")
        return base

    def _row(self, row: TensorRow, index: int, columns: tuple[Fitted, ...], width: int) -> Strip:
        base = self._base_of(index)
        change = {"added": "added", "gradient": "gradient"}.get(row.change, "changed")
        marked = base + self._look(change) if row.change else base
        mark = MARKS[row.change]
        if index == self.cursor and self.has_focus and mark == " ":
            mark = "›"
        parts = [(mark, marked)]
        for fitted, text in zip(columns, cells(row, columns), strict=True):
            style = base
            if fitted.column.title == "name":
                style = marked
            elif fitted.column.title == "shape":
                style = base + self._look("shape")
            elif fitted.column.title == "" and (row.nan or row.inf):
                style = base + self._look("bad")
            parts += [("  " if len(parts) > 1 else "", base), (text, style)]
        return _line(parts, width, base)

    def _empty_lines(self, width: int) -> list[str]:
        return [line.plain for text in _EMPTY for line in plain(text).wrap(max(1, width))]

    @property
    def _rows(self) -> tuple[TensorRow, ...]:
        return tuple(entry for entry in self._entries if isinstance(entry, TensorRow))

    def _columns(self, width: int) -> tuple[Fitted, ...]:
        if self._fitted is None or self._fitted[0] != width:
            self._fitted = (width, fit(self._rows, width))
        return self._fitted[1]

    def _fit(self) -> None:
        self._fitted = None
        table = self.table
        self._notes = []
        if key := key_line(self._rows):
            self._notes += [line.plain for line in plain(key).wrap(max(1, self.size.width))]
        if table.removed:
            self._notes.append(f"− gone: {', '.join(map(one_line, table.removed))}")
        if table.hidden:
            self._notes.append(f"… {table.hidden:,} more tensors are not listed")
        count = len(self._entries) + len(self._notes) + 1
        self.virtual_size = Size(self.size.width, count if table.rows else 0)
        self.refresh()

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"tensors--{name}", partial=True)


def _line(parts: list[tuple[str, Style]], width: int, base: Style) -> Strip:
    return Strip([Segment(text, style) for text, style in parts if text]).adjust_cell_length(
        width, base
    )
