"""The command palette: every lesson and every command by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tutor.ui.keys import KEYS
from tutor.ui.marks import lesson_tally
from tutor.ui.themes import THEMES

if TYPE_CHECKING:
    from tutor.ui.app import TutorApp

Command = tuple[str, str, Callable[[], Any]]
"""Name, help, and what it does."""

_NOT_HERE = ("app.palette", "app.copy", "lesson.leave", "home.search", "home.left", "home.right")
_WITHOUT_KEY = (
    ("Show the solution", "asks first when the exercise is not solved", "solution"),
    ("Earlier texts of this cell", "choose one to put back", "history"),
)


class TutorCommands(Provider):
    """What can be done here and now."""

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, about, run in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, text=name, help=about)

    async def discover(self) -> Hits:
        for name, about, run in self._commands():
            yield DiscoveryHit(Content(name), run, text=name, help=about)  # type: ignore[arg-type]

    def _commands(self) -> Iterator[Command]:
        app = cast("TutorApp", self.app)
        yield from self._actions(app)
        if app.opened:
            for lesson in app.pack.lessons():
                tally = lesson_tally(lesson, app.progress.lesson(lesson.id))
                about = f"{tally.glyph} {tally.done}/{tally.tasks} · {lesson.minutes} min"
                yield f"Lesson: {lesson.title}", about, partial(app.open_lesson, lesson.id)
        for theme in THEMES:
            if theme.name != app.theme:
                word = "dark" if theme.dark else "light"
                yield f"Theme: {word}", "colours of this app", partial(app.use_theme, theme.name)

    def _actions(self, app: TutorApp) -> Iterator[Command]:
        context = getattr(self.screen, "context", "app")
        for entry in sorted(KEYS, key=lambda entry: entry.where == "app"):
            if not entry.action or entry.id in _NOT_HERE or entry.where not in ("app", context):
                continue
            action = entry.action if "." in entry.action else f"screen.{entry.action}"
            name = entry.label[:1].upper() + entry.label[1:]
            yield f"{name} ({entry.shown})", entry.tooltip, partial(app.do, action)
        if context == "lesson":
            for name, about, action in _WITHOUT_KEY:
                yield name, about, partial(app.do, f"screen.{action}")
