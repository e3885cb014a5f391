"""The text of a running script: read only, with what its lines made and the line that runs."""

from __future__ import annotations

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from tutor.ui.widgets.editor import CodeEditor


class SourceView(CodeEditor):
    """Arrow keys move through it. The running line has a ground of its own."""

    DEFAULT_CSS = """
    SourceView {
        height: 1fr;
        max-height: 100%;
        min-height: 3;
        & .code--running { background: $primary-muted; text-style: bold; }
    }
    """
    COMPONENT_CLASSES = CodeEditor.COMPONENT_CLASSES | {"code--running"}

    running_line: reactive[int] = reactive(0, init=False)
    """The line that was executing lately, counted from 1; 0 = none."""

    def __init__(self, text: str, *, block: str = "") -> None:
        super().__init__(text, block=block, read_only=True)

    followed = True
    """False once the reader moved through the text during this run."""

    def follow(self, line: int) -> None:
        """Bring `line` in sight, unless the reader is elsewhere by will."""
        if self.followed:
            self.show_line(line)

    def on_key(self, event: events.Key) -> None:
        self.followed = False
        super().on_key(event)

    def on_mouse_scroll_down(self) -> None:
        self.followed = False

    def on_mouse_scroll_up(self) -> None:
        self.followed = False

    def show_line(self, line: int) -> None:
        """Scroll so that `line` is in sight, unless it is."""
        if line < 1:
            return
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= line - 1 < top + height:
            self.scroll_to(y=max(0, line - 1 - height // 3), animate=False)

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        place = y + self.scroll_offset.y
        rows = self.wrapped_document._offset_to_line_info
        if self.running_line < 1 or place >= len(rows) or rows[place][0] + 1 != self.running_line:
            return strip
        return strip.apply_style(self.get_component_rich_style("code--running", partial=True))

    def watch_running_line(self) -> None:
        self.refresh()
