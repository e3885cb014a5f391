"""A bare app in the product's themes around the widgets under test."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widget import Widget

from tutor.ui.themes import THEMES


class Host(App[None]):
    """Hosts the widgets it is given, one under the other."""

    CSS = "Screen { layout: vertical; overflow-y: auto; }"

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self._widgets = widgets

    def compose(self) -> ComposeResult:
        yield from self._widgets


def frame(app: App[Any]) -> str:
    """The screen as plain text, one line a row."""
    rows = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in rows)
