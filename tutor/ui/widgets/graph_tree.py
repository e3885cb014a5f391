"""A tree drawn line by line: Left and Right fold, Enter tells more of the row under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.plain import one_line, plain

Part = tuple[str, str]
"""A text and its look: "", "name", "word", "shape", "gradient", "bad", "warn" or "quiet"."""
LOOKS = ("name", "word", "shape", "gradient", "bad", "warn", "quiet", "cursor", "blurred")
_GAP = 2
_LEAST_LEFT = 15
_INDENT = 2


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row. Without a `key` it is a note, which takes no cursor and is wrapped.

    `cells` stand under the columns of the panel; `detail` comes below when it is opened.
    """

    left: tuple[Part, ...]
    key: str = ""
    depth: int = 0
    cells: tuple[Part, ...] = ()
    foldable: bool = False
    folded: bool = False
    detail: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeColumn:
    """A column at the right; those with a low `rank` stay when the room gets small."""

    title: str
    rank: int


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line of the panel; `row` is the index of the row it belongs to, -1 for none."""

    parts: tuple[Part, ...]
    row: int = -1
    takes_cursor: bool = False


def draw(
    rows: Sequence[TreeRow],
    columns: Sequence[TreeColumn],
    width: int,
    opened: frozenset[str],
    title: str = "",
) -> list[DrawnLine]:
    """All lines for `width` columns, headings before the first row with a key."""
    rows = list(rows)
    widths = _column_widths(rows, columns, width)
    lines: list[DrawnLine] = []
    headed = False
    for index, row in enumerate(rows):
        if not row.key:
            lines += _wrapped(row.left, width, "")
            continue
        if not headed and title:
            headed = True
            lines.append(DrawnLine(_heading(title, columns, widths, width)))
        lines.append(DrawnLine(_row(row, widths, width), index, True))
        if row.key in opened:
            indent = " " * min(_start(row, width) + 2, width // 3)
            for text, look in row.detail:
                lines += _wrapped(((text, look or "quiet"),), width, indent)
    return lines


def _row(row: TreeRow, widths: Sequence[int], width: int) -> tuple[Part, ...]:
    arrow = ("▸ " if row.folded else "▾ ") if row.foldable else "  "
    start = _start(row, width)
    taken = sum(size + _GAP for size in widths if size)
    room = max(0, width - taken)
    parts: list[Part] = [(" " * (start - 2), ""), (arrow, "quiet")]
    parts += row.left
    parts = _fitted(parts, room)
    for (text, look), size in zip(row.cells, widths, strict=False):
        if size:
            text = cut(one_line(text), size)
            parts += [(" " * (_GAP + size - cell_len(text)), ""), (text, look)]
    return tuple(parts)


def _heading(
    title: str, columns: Sequence[TreeColumn], widths: Sequence[int], width: int
) -> tuple[Part, ...]:
    taken = sum(size + _GAP for size in widths if size)
    parts = _fitted([(f"   {title}", "quiet")], max(0, width - taken))
    for column, size in zip(columns, widths, strict=True):
        if size:
            text = cut(column.title, size)
            parts += [(" " * (_GAP + size - cell_len(text)), ""), (text, "quiet")]
    return tuple(parts)


def _start(row: TreeRow, width: int) -> int:
    """Cells before the text of a row: the cursor's, the indent (bounded), the arrow."""
    return 3 + min(row.depth * _INDENT, max(0, width // 3))


def _column_widths(rows: Sequence[TreeRow], columns: Sequence[TreeColumn], width: int) -> list[int]:
    """The width of each column, 0 where it does not fit or nothing stands in it."""
    keyed = [row for row in rows if row.key]
    natural = [
        max((cell_len(one_line(row.cells[n][0])) for row in keyed if n < len(row.cells)), default=0)
        for n in range(len(columns))
    ]
    wanted = max((_start(row, width) + _length(row.left) for row in keyed), default=0)
    left = max(_LEAST_LEFT, min(wanted, width * 6 // 10))
    widths = [0] * len(columns)
    room = width - left
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        size = natural[index]
        if size:
            size = max(size, cell_len(columns[index].title))
        if columns[index].rank == 0 and room > _GAP:
            size = min(size, room - _GAP)
        if size and size + _GAP <= room:
            widths[index] = size
            room -= size + _GAP
    return widths


def _fitted(parts: Sequence[Part], room: int) -> list[Part]:
    """`parts` in exactly `room` cells, "…" where something is missing."""
    fitted: list[Part] = []
    left = room
    whole = _length(parts) <= room
    for text, look in parts:
        text = one_line(text)
        if not whole and cell_len(text) >= left:
            fitted.append((cut(text + "…", left), look))
            left = max(0, left - cell_len(fitted[-1][0]))
            break
        fitted.append((text, look))
        left -= cell_len(text)
    fitted.append((" " * left, ""))
    return fitted


def _wrapped(parts: Sequence[Part], width: int, indent: str) -> list[DrawnLine]:
    """Notes: one look a line when wrapped; several looks as long as they fit."""
    if _length(parts) + len(indent) + 1 <= width:
        texts = tuple((one_line(text), look) for text, look in parts)
        return [DrawnLine(((" " + indent, ""), *texts))]
    text = "".join(one_line(text) for text, _ in parts)
    look = parts[0][1] if parts else ""
    lines = plain(text).wrap(max(1, width - len(indent) - 1))
    return [DrawnLine(((" " + indent, ""), (line.plain, look))) for line in lines]


def _length(parts: Sequence[Part]) -> int:
    return sum(cell_len(one_line(text)) for text, _ in parts)


class TreePanel(ScrollView, can_focus=True):
    """Subclasses give `rows()`, `columns`, `heading` and `empty`; and call `rebuild` on changes."""

    DEFAULT_CSS = """
    TreePanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & .tree--name { color: $foreground; text-style: bold; }
        & .tree--word { color: $text-primary; }
        & .tree--shape { color: $text-accent; }
        & .tree--gradient { color: $text-secondary; }
        & .tree--bad { color: $text-error; text-style: bold; }
        & .tree--warn { color: $text-warning; }
        & .tree--quiet { color: $text-muted; }
        & .tree--cursor { background: $primary-muted; text-style: bold; }
        & .tree--blurred { text-style: bold; }
        &:nocolor .tree--cursor { text-style: reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tree--{look}" for look in LOOKS}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="tree.up"),
        Binding("down", "move(1)", "Down", show=False, id="tree.down"),
        Binding("left", "fold", "Fold", show=False, id="tree.fold"),
        Binding("right", "unfold", "Unfold", show=False, id="tree.unfold"),
        Binding("pageup", "move(-10)", "Page up", show=False, id="tree.page_up"),
        Binding("pagedown", "move(10)", "Page down", show=False, id="tree.page_down"),
        Binding("home", "move(-100000)", "First", show=False, id="tree.first"),
        Binding("end", "move(100000)", "Last", show=False, id="tree.last"),
        Binding("enter", "tell_more", "More", show=False, id="tree.more"),
    ]

    columns: ClassVar[tuple[TreeColumn, ...]] = ()
    heading: ClassVar[str] = ""
    empty: ClassVar[tuple[str, ...]] = ()

    cursor: reactive[str] = reactive("", init=False)
    """Key of the row under the cursor."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.flipped: frozenset[str] = frozenset()
        """Rows that are not folded as they are by default."""
        self.opened: frozenset[str] = frozenset()
        """Rows of which more is told."""
        self._rows: list[TreeRow] = []
        self._lines: list[DrawnLine] = []

    @abstractmethod
    def rows(self) -> Sequence[TreeRow]:
        """All rows as they are folded now; none at all shows the empty state."""

    @property
    def current(self) -> TreeRow | None:
        """The row under the cursor."""
        return next((row for row in self._rows if row.key and row.key == self.cursor), None)

    def rebuild(self) -> None:
        """What is shown has changed."""
        self._rows = list(self.rows())
        keys = [row.key for row in self._rows if row.key]
        if self.cursor not in keys:
            self.set_reactive(TreePanel.cursor, keys[0] if keys else "")
        self._lay_out()

    def on_mount(self) -> None:
        self.rebuild()

    def on_resize(self) -> None:
        self._lay_out()

    def watch_cursor(self) -> None:
        self._show_cursor()
        self.refresh()

    # ------------------------------------------------------------------ actions

    def action_move(self, rows: int) -> None:
        keys = [row.key for row in self._rows if row.key]
        if keys:
            here = keys.index(self.cursor) if self.cursor in keys else 0
            self.cursor = keys[max(0, min(here + rows, len(keys) - 1))]

    def action_fold(self) -> None:
        """Fold the row; where there is nothing to fold, go to the row that it hangs from."""
        row = self.current
        if row is None:
            return
        if row.foldable and not row.folded:
            self._flip(row.key)
            return
        above = self._rows[: self._rows.index(row)]
        for other in reversed(above):
            if other.key and other.depth < row.depth:
                self.cursor = other.key
                return

    def action_unfold(self) -> None:
        """Unfold the row; where it is open, go into it."""
        row = self.current
        if row is None or not row.foldable:
            return
        if row.folded:
            self._flip(row.key)
        else:
            self.action_move(1)

    def action_tell_more(self) -> None:
        row = self.current
        if row is not None and row.detail:
            self.opened = self.opened ^ {row.key}
            self._lay_out()
            self._show_cursor(with_detail=True)

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_y)
        if index < len(self._lines) and self._lines[index].takes_cursor:
            row = self._rows[self._lines[index].row]
            again = row.key == self.cursor
            self.cursor = row.key
            if again and row.foldable:
                self._flip(row.key)
            elif again:
                self.action_tell_more()

    def _flip(self, key: str) -> None:
        self.flipped = self.flipped ^ {key}
        self.rebuild()
        self._show_cursor()

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        index = y + round(self.scroll_y)
        if index >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[index]
        here = line.takes_cursor and self._rows[line.row].key == self.cursor
        if here:
            base += self._look("cursor" if self.has_focus else "blurred")
        mark = "›" if here and self.has_focus else " "
        segments = [
            Segment(text, base + self._look(look) if look else base)
            for text, look in _marked(line.parts, mark if line.takes_cursor else "")
            if text
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _lay_out(self) -> None:
        bar = self.styles.scrollbar_size_vertical
        width = self.scrollable_content_region.width + (bar if self.show_vertical_scrollbar else 0)
        if width <= 0:
            return
        self._lines = self._drawn(width)
        if len(self._lines) > self.size.height:
            width = max(1, width - bar)
            self._lines = self._drawn(width)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def _drawn(self, width: int) -> list[DrawnLine]:
        if self._rows:
            return draw(self._rows, self.columns, width, self.opened, self.heading)
        notes = [TreeRow(((text, "quiet"),)) for text in self.empty]
        return draw(notes, (), width, frozenset())

    def _show_cursor(self, *, with_detail: bool = False) -> None:
        lines = [
            index
            for index, line in enumerate(self._lines)
            if line.takes_cursor and self._rows[line.row].key == self.cursor
        ]
        if not lines:
            return
        first = last = lines[0]
        if with_detail:
            while last + 1 < len(self._lines) and not self._lines[last + 1].takes_cursor:
                last += 1
        top, room = round(self.scroll_y), max(1, self.size.height)
        if self._is_first(first) and last < room:
            self.scroll_to(y=0, animate=False)
        elif first < top or last - first >= room:
            self.scroll_to(y=first, animate=False)
        elif last >= top + room:
            self.scroll_to(y=last - room + 1, animate=False)

    def _is_first(self, line: int) -> bool:
        """True for the first row: then the notes above it come into sight too."""
        return not any(drawn.takes_cursor for drawn in self._lines[:line])

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"tree--{name}", partial=True)


def _marked(parts: tuple[Part, ...], mark: str) -> tuple[Part, ...]:
    """The first cell of a row, always blank, becomes the cursor's mark."""
    if not mark or not parts:
        return parts
    (text, look), *rest = parts
    return ((mark + text[1:], look), *rest)
