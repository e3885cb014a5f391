"""What every full screen has: a line for terminals that are too small, and a footer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from tutor.ui.keys import Where, footer
from tutor.ui.sturdy import Sturdy
from tutor.ui.widgets.footer import KeyFooter, KeyHint
from tutor.ui.widgets.plain import PlainStatic

if TYPE_CHECKING:
    from tutor.session.snapshot import Snapshot
    from tutor.ui.app import TutorApp

SMALLEST = (60, 18)
"""Columns and rows below which a screen only asks for more room."""


class TutorScreen(Sturdy, Screen[None]):
    """Below 60×18 it shows one line; else `body` above a footer named `footer_name`."""

    context: Where = "app"
    footer_name = "home"

    def compose(self) -> ComposeResult:
        columns, rows = SMALLEST
        yield PlainStatic(
            f"torch-tutor needs a terminal of at least {columns}×{rows}. Please make it larger.",
            classes="room",
        )
        with Vertical(classes="all"):
            yield from self.body()
            yield KeyFooter(hints(self.footer_name))

    def body(self) -> Iterable[Widget]:
        """The screen's own widgets, from top to bottom."""
        return ()

    @property
    def tutor(self) -> TutorApp:
        """The app, with its session, pack and progress."""
        return cast("TutorApp", self.app)

    def take(self, snapshot: Snapshot) -> None:
        """A new snapshot arrived."""

    def contexts(self) -> tuple[Where, ...]:
        """Where the learner is, nearest first, for the help page."""
        return (self.context, "app")

    def about(self) -> tuple[str, str] | None:
        """Title and a few sentences about what the learner is on, for the help page."""
        return None

    def show_footer(self, name: str) -> None:
        """Show the keys of another footer."""
        if name != self.footer_name:
            self.footer_name = name
            self.query_one(KeyFooter).hints = hints(name)

    def on_key_footer_chosen(self, event: KeyFooter.Chosen) -> None:
        event.stop()
        self.app.simulate_key(event.key)


def hints(name: str) -> tuple[KeyHint, ...]:
    """The hints of the footer called `name`."""
    return tuple(
        KeyHint(entry.keys.partition(",")[0], entry.shown, entry.label) for entry in footer(name)
    )
