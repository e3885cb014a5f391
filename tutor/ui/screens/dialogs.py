"""Questions and statements over the screen; when they close, the focus is where it was."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

from tutor.ui.keys import Where, bindings
from tutor.ui.widgets.plain import PlainStatic, plain


class Choose(ModalScreen[str]):
    """A title, a text and buttons. Returns the pressed button's id, "" on Escape.

    The first button has the focus; the arrow keys and Tab move between them.
    """

    context: Where = "dialog"
    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("dialog"),
        ("left", "app.focus_previous", ""),
        ("right", "app.focus_next", ""),
    ]

    def __init__(self, title: str, text: str, buttons: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._buttons = buttons

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield PlainStatic(plain(self._title, "bold"), classes="title")
            with VerticalScroll(classes="text", can_focus=False):
                yield PlainStatic(self._text)
            with Horizontal(classes="buttons"):
                for name, label in self._buttons:
                    yield Button(plain(label), id=name, compact=True)

    def on_mount(self) -> None:
        self.query(Button).first().focus()

    def contexts(self) -> tuple[Where, ...]:
        return ("dialog",)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id or "")

    def action_cancel(self) -> None:
        self.dismiss("")


class Confirm(Choose):
    """Yes or no; returns "yes", or "" when the learner would rather not. No comes first."""

    def __init__(self, title: str, text: str, yes: str, no: str = "Cancel") -> None:
        super().__init__(title, text, (("no", no), ("yes", yes)))

    @on(Button.Pressed, "#no")
    def _no(self, event: Button.Pressed) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss("")


class Notice(Choose):
    """Something to know, and one button."""

    def __init__(self, title: str, text: str, button: str = "OK") -> None:
        super().__init__(title, text, (("ok", button),))
