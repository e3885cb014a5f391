"""A block of prose: headings, paragraphs, lists, tables, callouts and code samples."""

from __future__ import annotations

from textual.content import Content

from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.prose_layout import prose_lines


class ProseView(Flow):
    """Draws Markdown as one widget. Links are shown, never opened."""

    DEFAULT_CSS = """
    ProseView { padding: 0 1; color: $foreground; }
    """

    def __init__(self, text: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def show(self, text: str) -> None:
        """Replace the text."""
        self._text = text
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        return prose_lines(self._text, width)
