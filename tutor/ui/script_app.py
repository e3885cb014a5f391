"""The app around one script: starts it, shows it, runs it again; or shows a run that was saved."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen

from tutor.session.api import SessionError
from tutor.session.snapshot import CellRun, Snapshot
from tutor.ui.app import TutorApp
from tutor.ui.keys import key
from tutor.ui.screens.script import ScriptScreen

if TYPE_CHECKING:
    from textual.command import Provider

    from tutor.session.api import Code, SessionAPI

_CLOSE_WITHIN = 3.0
_LOOK_EVERY = 1.0


def _commands() -> type[Provider]:
    from tutor.ui.script_commands import ScriptCommands

    return ScriptCommands


class ScriptApp(TutorApp):
    """`code()` reads the file; None where a record is shown, of which `saved` tells the time.

    notes: what to say before it runs. record: called with the snapshot of each end; what it
    returns is told. warnings: words in capitals for the first line.
    """

    CSS_PATH = ["app.tcss", "screens/script.tcss"]
    COMMANDS = {_commands}

    def __init__(
        self,
        session: SessionAPI,
        name: str,
        code: Callable[[], Code] | None = None,
        *,
        title: str = "",
        notes: tuple[str, ...] = (),
        warnings: tuple[str, ...] = (),
        record: Callable[[Snapshot], str] = lambda snapshot: "",
        saved: str = "",
    ) -> None:
        super().__init__()
        self._shown = session
        self._name = name
        self._words = title or name
        self._code = code
        self._record = record
        self._saved = saved
        self._recorded = -1
        """The latest run that was recorded; -1 before the first one began."""
        self._stamp = 0.0
        self._quitting = False
        self.notes = notes
        self.warnings = warnings
        self.file_changed = False

    # -------------------------------------------------------------- what screens need

    @property
    def opened(self) -> bool:
        return True

    @property
    def session(self) -> SessionAPI:
        return self._shown

    @property
    def last_run(self) -> CellRun | None:
        """The latest run of the script."""
        return self.snapshot.runs.get(self._name)

    @property
    def running(self) -> bool:
        """The script is under way."""
        run = self.last_run
        return run is not None and run.state in ("queued", "running")

    # -------------------------------------------------------------- beginning and end

    def get_default_screen(self) -> Screen[None]:
        run = self.last_run
        text = run.source if run is not None else ""
        if self._code is not None:
            with contextlib.suppress(ValueError):
                text = self._code().source
        return ScriptScreen(self._name, self._words, text, saved=self._saved)

    async def _open(self) -> None:
        self._listen()
        if self._code is not None:
            self.set_interval(_LOOK_EVERY, self._look_at_file)
            self.begin()

    @work(group="warm-up", exclusive=True)
    async def begin(self) -> None:
        """Start the session, then the script."""
        try:
            await self.session.start()
        except SessionError as error:
            from tutor.ui.screens.dialogs import Notice

            text = f"{error.sentence}\n\n{error.advice}".strip()
            notice = Notice("The script could not be started", text, "Quit")
            self.push_screen(notice, lambda _: self.exit(return_code=1))
            return
        self.run_script()

    async def on_unmount(self) -> None:
        """End the script and everything it started."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.session.close(), _CLOSE_WITHIN)

    def _save(self) -> None:
        """Nothing of the learner's is in here."""

    # -------------------------------------------------------------- running

    def run_script(self) -> None:
        """Run the file's text as it is now, in a fresh process."""
        if self._code is None:
            self.say("This is a saved run. `torch-tutor run` runs the script.")
            return
        if self.running:
            self.say(f"The script is running. {key('app.stop').shown} stops it.")
            return
        if self.snapshot.phase in ("warming", "failed"):
            self.say(self.snapshot.sentence)
            return
        try:
            code = self._code()
        except ValueError as error:
            self.say(str(error))
            return
        self._recorded = self.last_run.run if self.last_run is not None else 0
        self._stamp, self.file_changed = self._file_stamp(), False
        screen = self.screen_stack[0]
        if isinstance(screen, ScriptScreen):
            screen.show_text(code.source)
        self.session.run(code)

    def over(self, run: CellRun) -> None:
        """A run has ended, and everything of it has arrived."""
        if self._recorded in (-1, run.run):
            return
        self._recorded = run.run
        if told := self._record(self.snapshot):
            self.say(told)

    def _look_at_file(self) -> None:
        changed = bool(self._stamp) and self._file_stamp() != self._stamp
        if changed != self.file_changed:
            self.file_changed = changed
            self.post_message(self.SnapshotArrived())

    def _file_stamp(self) -> float:
        try:
            code = self._code() if self._code is not None and not self._stamp else None
        except ValueError:
            return -1.0
        if code is not None and code.script is not None:
            self._path = Path(code.script.path)
        try:
            return os.stat(self._path).st_mtime  # noqa: PTH116
        except OSError:
            return -1.0

    # -------------------------------------------------------------- keys

    def action_restart_worker(self) -> None:
        """A script has a fresh process each time."""
        self.run_script()

    async def action_quit(self) -> None:
        """Leave at once, or ask first where the script would end with us."""
        if not self.running or self._quitting:
            self.exit()
            return
        from tutor.ui.screens.dialogs import Confirm

        self._quitting = True
        question = Confirm(
            "The script is still running.",
            "Leaving ends it. What it wrote to files stays.",
            "End it and quit",
            "Go on",
        )

        def decided(answer: str | None) -> None:
            self._quitting = False
            if answer == "yes":
                self.exit()

        self.push_screen(question, decided)

    def show_map(self) -> None:
        """There is no map: back to the script."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def _after_trouble(self, choice: str | None) -> None:
        if choice == "quit":
            self.exit()
