"""The text widget for everything: its text is never read as markup, nor passes control codes."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tutor.text import sanitize


def plain(text: str, style: str = "") -> Content:
    """Foreign text as Content: sanitised, tabs widened, no markup."""
    clean = sanitize(text).expandtabs(4)
    return Content.styled(clean, style) if style else Content(clean)


def one_line(text: str) -> str:
    """Foreign text for a table cell or a title: as `plain`, and line breaks become spaces."""
    return " ".join(sanitize(text).expandtabs(4).split("\n"))


class PlainStatic(Static):
    """A Static that shows `text` as it is."""

    DEFAULT_CSS = """
    PlainStatic { height: auto; width: 1fr; }
    """

    def __init__(
        self,
        text: str | Content = "",
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(_content(text), markup=False, id=id, classes=classes)

    def show(self, text: str | Content) -> None:
        """Replace the text."""
        self.update(_content(text))


def _content(text: str | Content) -> Content:
    return plain(text) if isinstance(text, str) else text
