"""Earlier texts of one block: choose one to put it back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tutor.progress.model import SavedCode
from tutor.ui.keys import Where, bindings
from tutor.ui.widgets import syntax
from tutor.ui.widgets.plain import PlainStatic, plain


class HistoryScreen(ModalScreen[str]):
    """Lists texts, newest first, with a preview; returns the chosen text, None on Escape."""

    context: Where = "dialog"
    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("dialog")

    def __init__(self, title: str, texts: tuple[SavedCode, ...]) -> None:
        super().__init__()
        self._title = title
        self._texts = texts

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog page"):
            yield PlainStatic(plain(f"Earlier texts of {self._title}", "bold"), classes="title")
            yield OptionList(*map(_entry, self._texts))
            with VerticalScroll(can_focus=False, classes="preview"):
                yield PlainStatic(id="preview")
            yield PlainStatic(
                plain("Enter puts the text back · Esc leaves everything as it is", "$text-muted")
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def contexts(self) -> tuple[Where, ...]:
        return ("dialog",)

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        lines = syntax.highlight(self._texts[event.option_index].text)
        self.query_one("#preview", PlainStatic).show(plain("\n").join(lines))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._texts[event.option_index].text)

    def action_cancel(self) -> None:
        self.dismiss(None)


def _entry(saved: SavedCode):
    when = datetime.fromtimestamp(saved.at).strftime("%d %b %Y, %H:%M")
    count = saved.text.count("\n") + 1
    return plain(f"{when} · {count} line{'s' * (count != 1)}")
