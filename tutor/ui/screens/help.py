"""Every key that works where the learner is, nearest first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tutor.ui.keys import Where, bindings, sections
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.plain import plain

_KEY_COLUMN = 20


class HelpScreen(ModalScreen[None]):
    """The help page: what `about` tells (title and text), then the keys for `contexts`."""

    context: Where = "help"
    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("help")

    def __init__(self, contexts: tuple[Where, ...], about: tuple[str, str] | None = None) -> None:
        super().__init__()
        self._contexts = contexts
        self._about = about

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog page"), VerticalScroll(id="help"):
            yield Flow(lambda width: help_lines(self._contexts, width, self._about))

    def on_mount(self) -> None:
        dialog = self.query_one(".dialog")
        dialog.border_title = plain("Help")
        dialog.border_subtitle = plain("Esc closes · ↑ ↓ scroll")
        self.query_one("#help").focus()

    def action_back(self) -> None:
        self.dismiss()


def help_lines(
    contexts: tuple[Where, ...], width: int, about: tuple[str, str] | None = None
) -> list[Content]:
    """What it is about, then a heading for each context and one key a line, wrapped under its
    own column."""
    lines: list[Content] = []
    if about is not None:
        lines = [Content.styled(about[0], "bold $text-primary"), *plain(about[1]).wrap(width)]
    for title, keys in sections(contexts):
        if not keys:
            continue
        if lines:
            lines.append(Content(""))
        lines.append(Content.styled(title, "bold $text-primary"))
        for entry in keys:
            names = entry.all_shown
            text = plain(entry.tooltip).wrap(max(10, width - _KEY_COLUMN))
            if len(names) >= _KEY_COLUMN - 1:
                lines.append(Content.styled(f"  {names}", "bold"))
            else:
                head = Content.styled(f"  {names}".ljust(_KEY_COLUMN), "bold")
                lines.append(head + text.pop(0))
            lines.extend(Content(" " * _KEY_COLUMN) + rest for rest in text)
    return lines
