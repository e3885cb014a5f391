"""The app: paints at once, then opens the course and warms up the worker beside the reader."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from tutor.text import sanitize
from tutor.ui.activity import ActiveTime
from tutor.ui.keys import bindings
from tutor.ui.screens.base import TutorScreen
from tutor.ui.screens.home import HomeScreen
from tutor.ui.sturdy import Sturdy
from tutor.ui.themes import THEMES
from tutor.ui.worker_life import WorkerLife

if TYPE_CHECKING:
    from textual.command import Provider

    from tutor.course.model import Pack
    from tutor.progress.api import ProgressAPI
    from tutor.session.api import SessionAPI
    from tutor.session.snapshot import Snapshot
    from tutor.ui.screens.lesson import LessonScreen
    from tutor.ui.workbench import Workbench

Rooms = tuple["SessionAPI", "Pack", "ProgressAPI"]
"""What the app needs to begin."""

_COUNT_TIME_EVERY = 15.0
_CLOSE_WITHIN = 3.0
_TOO_MANY_TROUBLES = 5


def _commands() -> type[Provider]:
    from tutor.ui.commands import TutorCommands

    return TutorCommands


class TutorApp(Sturdy, WorkerLife):
    """Hosts the screens and hands each snapshot to the one on top.

    `open_lesson` is the id of a lesson to open at once. `session_for(device)` makes another
    session when the wanted device is not there. `reports` is the folder for error reports.
    """

    TITLE = "torch-tutor"
    CSS_PATH = "app.tcss"
    COMMANDS = {_commands}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = [
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-mid"),
        (118, "-wide"),
        (140, "-huge"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (18, "-low"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    class SnapshotArrived(Message, bubble=False):
        """The session has a newer snapshot; only the newest matters."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TutorApp.SnapshotArrived)

    def __init__(
        self,
        session: SessionAPI | None = None,
        pack: Pack | None = None,
        progress: ProgressAPI | None = None,
        *,
        start_session: bool = True,
        open_lesson: str = "",
        load: Callable[[], Rooms] | None = None,
        session_for: Callable[[str], SessionAPI] | None = None,
        reports: Path | None = None,
    ) -> None:
        # Textual takes NO_COLOR out of the environment and then draws grey on grey; the
        # terminal's own colours with none of our own are what was asked for.
        no_color = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if no_color else None)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self._rooms: Rooms | None = None
        if session is not None and pack is not None and progress is not None:
            self._rooms = (session, pack, progress)
        self._load = load
        self._start_session = start_session
        self._first_lesson = open_lesson
        self._session_for = session_for
        self._reports = reports
        self._unsubscribe: Callable[[], None] | None = None
        self._settled = asyncio.Event()
        self._lesson: LessonScreen | None = None
        self._time = ActiveTime(time.monotonic())
        self.troubles: list[Exception] = []
        """Errors of our own since the start."""

    # -------------------------------------------------------------- what screens need

    @property
    def opened(self) -> bool:
        """The course is there."""
        return self._rooms is not None

    @property
    def session(self) -> SessionAPI:
        return self._open_rooms()[0]

    @property
    def pack(self) -> Pack:
        return self._open_rooms()[1]

    @property
    def progress(self) -> ProgressAPI:
        return self._open_rooms()[2]

    @property
    def snapshot(self) -> Snapshot:
        return self.session.snapshot

    def say(self, sentence: str) -> None:
        """A short fact in the corner."""
        self.notify(sentence, markup=False, timeout=5)

    async def do(self, action: str) -> None:
        """Run an action of the screen on top, as its key would."""
        await self.run_action(action)

    def use_theme(self, name: str) -> None:
        self.theme = name

    # -------------------------------------------------------------- beginning and end

    def get_default_screen(self) -> Screen[None]:
        return HomeScreen()

    def on_mount(self) -> None:
        self.call_after_refresh(self._open)

    async def _open(self) -> None:
        if self._rooms is None and not await self._load_rooms():
            return
        await self._home.furnish()
        self._listen()
        self.set_interval(_COUNT_TIME_EVERY, self._count_time)
        if self._first_lesson:
            self._open_first(self._first_lesson)
        if self._start_session:
            self.warm_up()

    async def _load_rooms(self) -> bool:
        assert self._load is not None
        try:
            self._rooms = self._load()
        except (OSError, ValueError) as error:
            from tutor.ui.screens.dialogs import Notice

            notice = Notice("The course could not be opened", str(error), "Quit")
            self.push_screen(notice, lambda _: self.exit(return_code=1))
            return False
        return True

    def _open_first(self, wanted: str) -> None:
        if any(lesson.id == wanted for lesson in self.pack.lessons()):
            self.open_lesson(wanted)
            return
        from difflib import get_close_matches

        from tutor.ui.screens.dialogs import Notice

        names = [lesson.id for lesson in self.pack.lessons()]
        near = get_close_matches(wanted, names, 3, 0.4)
        text = f"This course has no lesson called {wanted}."
        if near:
            text += f" Did you mean {' or '.join(near)}?"
        self.push_screen(Notice("No such lesson", text, "To the course map"))

    def use_session(self, session: SessionAPI) -> None:
        """Go on with another session in place of the one that failed."""
        _, pack, progress = self._open_rooms()
        self._rooms = (session, pack, progress)
        if self._lesson is not None:
            self._lesson.bench.use_session(session)
            self._declare(self._lesson.bench)
        self._listen()

    async def on_unmount(self) -> None:
        """Save everything, then end the worker."""
        self._save()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._rooms is not None and self._start_session:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.session.close(), _CLOSE_WITHIN)

    def _save(self) -> None:
        if self._lesson is not None:
            self._lesson.bench.flush()
        self._count_time()

    # -------------------------------------------------------------- snapshots

    def _listen(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._settled.clear()
        self._unsubscribe = self.session.subscribe(self._arrived)
        self.post_message(self.SnapshotArrived())

    def _arrived(self, _snapshot: Snapshot) -> None:
        self.post_message(self.SnapshotArrived())

    def on_tutor_app_snapshot_arrived(self) -> None:
        snapshot = self.snapshot
        if snapshot.phase in ("ready", "busy", "failed"):
            self._settled.set()
        else:
            self._settled.clear()
        for screen in self.screen_stack:
            if isinstance(screen, TutorScreen) and screen.is_mounted:
                screen.take(snapshot)

    # -------------------------------------------------------------- going places

    @property
    def _home(self) -> HomeScreen:
        home = self.screen_stack[0]
        assert isinstance(home, HomeScreen)
        return home

    def show_map(self) -> None:
        """Back to the course map; the lesson stays as it is."""
        self._save()
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def open_lesson(self, lesson: str, step: str = "", block: str = "") -> None:
        """Open a lesson where it was left, or at `step` and `block`."""
        from tutor.ui.continue_at import resume_lesson, step_at
        from tutor.ui.screens.lesson import LessonScreen
        from tutor.ui.workbench import Workbench

        self.show_map()
        known = self._lesson
        if known is not None and known.bench.lesson.id == lesson:
            self.push_screen(known)
            return
        if known is not None:
            self.uninstall_screen(known)
            known.remove()
        chosen = self.pack.lesson(lesson)
        place = resume_lesson(chosen, self.progress.lesson(lesson))
        start = step_at(chosen, step, block) if step or block else place.step
        bench = Workbench(chosen, self.session, self.progress)
        self._declare(bench)
        screen = LessonScreen(bench, start, block if step or block else place.block)
        self._lesson = screen
        self.install_screen(screen, f"lesson {lesson}")
        self.push_screen(screen)

    def _declare(self, bench: Workbench) -> None:
        lesson = bench.lesson
        self.session.reset_for(lesson.id, bench.order, network=lesson.network)

    def lesson_ended(self, bench: Workbench) -> None:
        """The learner went on from the last step: what is left, and where to next."""
        from tutor.ui.screens.dialogs import Choose

        lessons = list(self.pack.lessons())
        at = next(n for n, lesson in enumerate(lessons) if lesson.id == bench.lesson.id) + 1
        after = lessons[at] if at < len(lessons) else None
        tasks = bench.lesson.tasks
        left = len(tasks) - bench.progress.done(tasks)
        text = "Every cell, question and exercise of this lesson is done."
        if left:
            text = f"{left} of {len(tasks)} tasks of this lesson are still open; ◐ and ○ mark them."
        buttons = [("map", "Course map")]
        if after is not None:
            buttons.insert(0, ("next", f"Next: {after.title}"))

        def go(choice: str | None) -> None:
            if choice == "next" and after is not None:
                self.open_lesson(after.id)
            elif choice == "map":
                self.show_map()

        self.push_screen(Choose("End of the lesson", text, tuple(buttons)), go)

    # -------------------------------------------------------------- keys

    def action_help(self) -> None:
        from tutor.ui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            contexts = getattr(self.screen, "contexts", None)
            about = getattr(self.screen, "about", None)
            told = about() if about else None
            self.push_screen(HelpScreen(contexts() if contexts else ("app",), told))

    # -------------------------------------------------------------- time

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown):
            self._time.touched(time.monotonic())
        await super().on_event(event)

    def _count_time(self) -> None:
        seconds = self._time.collect(time.monotonic())
        if self._lesson is not None and self._lesson in self.screen_stack and seconds > 0:
            self.progress.time_spent(self._lesson.bench.lesson.id, seconds)

    def on_app_blur(self) -> None:
        self._save()

    # -------------------------------------------------------------- our own errors

    def _handle_exception(self, error: Exception) -> None:
        """An error of ours: save, write a report, and offer the way on; too many: leave."""
        self.troubles.append(error)
        if not self.is_running or self._closing:
            super()._handle_exception(error)
            return
        with contextlib.suppress(Exception):
            self._save()
        from tutor.ui.screens.trouble import TroubleScreen, write_report

        report = write_report(self._reports, error)
        what = sanitize(f"{type(error).__name__}: {error}")[:300]
        if len(self.troubles) > _TOO_MANY_TROUBLES:
            where = f" A report was written to {report}." if report else ""
            message = f"torch-tutor had to stop: {what}. Your work is saved.{where}"
            self.exit(return_code=1, message=Text(message))
        elif not isinstance(self.screen, TroubleScreen):
            self.call_next(self.push_screen, TroubleScreen(what, report), self._after_trouble)

    def _after_trouble(self, choice: str | None) -> None:
        if choice == "quit":
            self.exit()
            return
        self.show_map()
        if self._lesson is not None:  # it may be what broke: build it anew next time
            self.uninstall_screen(self._lesson)
            self._lesson.remove()
            self._lesson = None

    def _open_rooms(self) -> Rooms:
        if self._rooms is None:
            raise RuntimeError("the course is not open yet")
        return self._rooms
