"""The command palette of a script: its keys by name, and the themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from tutor.ui.commands import Command, TutorCommands
from tutor.ui.themes import THEMES

if TYPE_CHECKING:
    from tutor.ui.app import TutorApp


class ScriptCommands(TutorCommands):
    """What can be done with a script."""

    def _commands(self) -> Iterator[Command]:
        app = cast("TutorApp", self.app)
        yield from self._actions(app)
        for theme in THEMES:
            if theme.name != app.theme:
                word = "dark" if theme.dark else "light"
                yield f"Theme: {word}", "colours of this app", partial(app.use_theme, theme.name)
