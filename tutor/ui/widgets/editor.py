"""The code editor: a TextArea that knows Python's indentation and the theme's colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Selection
from textual.document._edit import Edit
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from tutor.text import sanitize
from tutor.ui.widgets import editing, syntax
from tutor.ui.widgets.line_notes import GAP, LineNotes, note_text, unchanged


class CodeEditor(TextArea):
    """Edits the Python text of one block; grows with it, scrolls beyond max-height.

    Enter indents, Tab and Shift+Tab move lines, Ctrl+/ comments, Escape hands the focus to the
    block around it. Function keys, Ctrl+J and every other key it has no use for bubble on.
    """

    DEFAULT_CSS = f"""
    CodeEditor {{
        height: auto;
        min-height: 1;
        max-height: 40;
        border: none;
        padding: 0 1;
        background: $surface;
        scrollbar-size-vertical: 1;
        &:focus {{ border: none; background: $surface; }}
        & .text-area--gutter {{ color: $text-muted; }}
        & .text-area--cursor-gutter {{ color: $foreground; background: transparent; }}
        & .code--note {{ color: $text-muted; text-style: italic; }}
        & .code--error-line {{ background: $error-muted; text-style: underline; }}
        &:nocolor .text-area--cursor {{ text-style: reverse; }}
        &:nocolor .text-area--selection {{ text-style: reverse; }}
    }}
    {syntax.css("CodeEditor")}
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = syntax.component_classes() | {
        "code--error-line",
        "code--note",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+tab", "dedent", "Dedent", show=False, id="editor.dedent"),
        Binding(
            "ctrl+slash,ctrl+underscore", "comment", "Comment", show=False, id="editor.comment"
        ),
        Binding("escape", "leave", "Leave the editor", show=False, id="editor.leave"),
        Binding("ctrl+home", "document_start", "First line", show=False, id="editor.start"),
        Binding("ctrl+end", "document_end", "Last line", show=False, id="editor.end"),
    ]

    LINE_NUMBERS_FROM: ClassVar[int] = 6
    """Shorter texts have no line numbers, unless a line is marked."""

    error_line: reactive[int] = reactive(0, init=False)
    """The line to mark, counted from 1; 0 = none. Any edit clears the mark."""

    notes: reactive[LineNotes] = reactive(LineNotes(), init=False)
    """What the lines made when they ran; drawn behind those that are still as they were."""
    notes_shown: reactive[bool] = reactive(True, init=False)

    class Edited(Message):
        """The learner or the app changed the text of `block`."""

        def __init__(self, editor: CodeEditor, block: str, text: str) -> None:
            super().__init__()
            self.editor = editor
            self.block = block
            self.text = text

        @property
        def control(self) -> CodeEditor:
            return self.editor

    def __init__(
        self,
        text: str = "",
        *,
        block: str = "",
        read_only: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(
            _clean(text),
            soft_wrap=True,
            tab_behavior="indent",
            read_only=read_only,
            highlight_cursor_line=False,
            id=id,
            classes=classes,
        )
        self.block = block
        self._role_styles: dict[str, Style] = {}
        self._number_lines()

    def replace_text(self, text: str) -> None:
        """Put `text` in place of everything; one undo brings the old text back."""
        text = _clean(text)
        if text == self.text:
            return
        self.history.checkpoint()
        row, column = self.cursor_location
        self.replace(text, self.document.start, self.document.end)
        self.history.checkpoint()
        self.move_cursor((row, column))

    def action_document_start(self) -> None:
        """Ctrl+Home: to the first character."""
        self.move_cursor(self.document.start)

    def action_document_end(self) -> None:
        """Ctrl+End: behind the last character."""
        self.move_cursor(self.document.end)

    # ------------------------------------------------------------------ drawing

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        spans = syntax.line_spans(self.text)
        if line_index < len(spans):
            for start, end, role in spans[line_index]:
                line.stylize(self._role_style(role), start, end)
        if line_index + 1 == self.error_line:
            plain = line.plain
            style = self.get_component_rich_style("code--error-line", partial=True)
            line.stylize(style, len(plain) - len(plain.lstrip()), len(plain.rstrip()))
        return line

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        place = y + self.scroll_offset.y
        rows = self.wrapped_document._offset_to_line_info
        if not (self.notes_shown and self.notes.lines) or place >= len(rows):
            return strip
        line, section = rows[place]
        sections = self.wrapped_document.get_sections(line)
        ran = unchanged(self.notes.source, self.text).get(line + 1, 0)
        values = self.notes.lines.get(ran)
        if values is None or section + 1 < len(sections):
            return strip
        width = strip.cell_length
        note = note_text(values, width - self.gutter_width - cell_len(sections[-1]) - GAP)
        if not note:
            return strip
        style = self.rich_style + self.get_component_rich_style("code--note", partial=True)
        return Strip.join([strip.crop(0, width - cell_len(note)), Strip([Segment(note, style)])])

    def watch_notes(self) -> None:
        self.refresh()

    def watch_notes_shown(self) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        self._role_styles = {}
        super().notify_style_update()

    def _role_style(self, role: str) -> Style:
        style = self._role_styles.get(role)
        if style is None:
            full = self.get_component_rich_style(f"code--{role}")
            style = Style(color=full.color, bold=full.bold, italic=full.italic)
            self._role_styles[role] = style
        return style

    def watch_error_line(self) -> None:
        self._number_lines()
        self.notify_style_update()
        self.refresh()

    def _number_lines(self) -> None:
        numbered = self.document.line_count >= self.LINE_NUMBERS_FROM or self.error_line > 0
        if self.show_line_numbers != numbered:
            self.show_line_numbers = numbered

    # ------------------------------------------------------------------ editing

    def edit(self, edit: Edit) -> EditResult:
        """Every insertion passes here, pasted text too: no control codes, no tabs."""
        clean = _clean(edit.text)
        if clean != edit.text:
            edit = Edit(clean, edit.from_location, edit.to_location, edit.maintain_selection_offset)
        return super().edit(edit)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.error_line = 0
        self._number_lines()
        self.post_message(self.Edited(self, self.block, self.text))

    def on_text_area_selection_changed(self) -> None:
        if self.has_focus:
            self.call_after_refresh(self._keep_cursor_in_sight)

    def _keep_cursor_in_sight(self) -> None:
        """The editor is as tall as its text, so what scrolls is what it stands in."""
        for node in self.ancestors:
            if isinstance(node, Widget) and node.allow_vertical_scroll:
                place = self.cursor_screen_offset - node.content_region.offset
                row = Region(0, place.y + round(node.scroll_y), 1, 1)
                node.scroll_to_region(row, animate=False, x_axis=False)
                return

    def on_key(self, event: events.Key) -> None:
        if self.read_only:
            return
        if event.key == "enter":
            self._handled(event)
            self._break_line()
        elif event.key == "tab":
            self._handled(event)
            if self.selection.is_empty:
                self.insert(" " * self._find_columns_to_next_tab_stop())
            else:
                self._change_lines(editing.indented)
        elif event.key == "backspace" and self._in_indent():
            self._handled(event)
            row, column = self.cursor_location
            self.delete((row, (column - 1) // 4 * 4), (row, column))
        elif event.key == "escape":
            self._handled(event)
            self.action_leave()

    def action_dedent(self) -> None:
        self._change_lines(editing.dedented)

    def action_comment(self) -> None:
        self._change_lines(editing.commented)

    def action_leave(self) -> None:
        """Focus the nearest block around the editor, or nothing."""
        for node in self.ancestors:
            if isinstance(node, Widget) and node.focusable:
                node.focus()
                return
        self.blur()

    def _break_line(self) -> None:
        start, end = sorted(self.selection)
        before = self.document.get_line(start[0])[: start[1]]
        result = self.replace("\n" + editing.indent_after(before), start, end)
        self.move_cursor(result.end_location)

    def _in_indent(self) -> bool:
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        return self.selection.is_empty and column > 1 and not before.strip(" ")

    def _change_lines(self, change: Callable[[list[str]], list[str]]) -> None:
        """Apply `change` to the selected lines, keeping them selected, as one step to undo."""
        if self.read_only:
            return
        selection = self.selection
        (first, _), (last, last_column) = sorted(selection)
        if last > first and last_column == 0:
            last -= 1
        old = [self.document.get_line(row) for row in range(first, last + 1)]
        new = change(old)
        if new == old:
            return
        self.history.checkpoint()
        self.replace("\n".join(new), (first, 0), (last, len(old[-1])))
        self.history.checkpoint()

        def moved(location: tuple[int, int]) -> tuple[int, int]:
            row, column = location
            if not first <= row <= last:
                return location
            shift = len(new[row - first]) - len(old[row - first])
            return row, max(0, column + shift)

        self.selection = Selection(moved(selection.start), moved(selection.end))

    @staticmethod
    def _handled(event: events.Key) -> None:
        event.stop()
        event.prevent_default()


def _clean(text: str) -> str:
    # Most terminals paste a line's end as a lone carriage return.
    text = sanitize(text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.expandtabs(4) if "\t" in text else text
