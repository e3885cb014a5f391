"""A gallery of every widget in every state: `python tests/ui_widgets/gallery.py [name …]`."""

from __future__ import annotations

import sys
from typing import Any

from exhibits import EXHIBITS
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from tutor.ui.themes import THEMES
from tutor.ui.widgets.plain import PlainStatic


class Gallery(App[None]):
    """Hosts exhibits one under the other; widgets that fill their parent get twelve rows."""

    CSS = """
    Gallery { background: $background; }
    .exhibit { height: auto; }
    .exhibit > .name { color: $text-muted; text-style: italic; }
    .exhibit TensorsPanel { height: 12; }
    .exhibit TensorView { height: 26; }
    .exhibit KeyFooter { dock: none; }
    """

    def __init__(self, *names: str, labels: bool = True) -> None:
        super().__init__()
        wear_own_themes(self)
        self._names = names or tuple(EXHIBITS)
        self._labels = labels

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            for name in self._names:
                with Vertical(classes="exhibit"):
                    if self._labels:
                        yield PlainStatic(f"── {name}", classes="name")
                    yield EXHIBITS[name]()


class Host(App[None]):
    """Hosts the widgets it is given and remembers every message that reaches the app."""

    CSS = "Screen { layout: vertical; overflow-y: auto; }"

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        wear_own_themes(self)
        self._widgets = widgets
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield from self._widgets


def wear_own_themes(app: App[Any]) -> None:
    """The product's themes, the dark one first."""
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = THEMES[0].name


def frame(app: App[Any]) -> str:
    """The screen as plain text, one line a row."""
    rows = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in rows)


if __name__ == "__main__":
    Gallery(*sys.argv[1:]).run()
