"""Starting, stopping and replacing the worker: the app's half that has to do with processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.app import App

from tutor.ui.keys import key

if TYPE_CHECKING:
    from tutor.session.api import SessionAPI, SessionError
    from tutor.session.snapshot import Snapshot


class WorkerLife(App[None]):
    """Mixed into the app, which holds the session and tells its screens of snapshots."""

    _session_for: Callable[[str], SessionAPI] | None
    _settled: asyncio.Event

    if TYPE_CHECKING:  # the other half

        @property
        def opened(self) -> bool: ...
        @property
        def session(self) -> SessionAPI: ...
        @property
        def snapshot(self) -> Snapshot: ...
        def say(self, sentence: str) -> None: ...
        def use_session(self, session: SessionAPI) -> None: ...

    def worker_failed(self) -> bool:
        """Say what to do when there is no worker; True when there is none."""
        if self.snapshot.phase != "failed":
            return False
        self.say(f"There is no worker to run it. {key('app.restart').shown} tries to start one.")
        return True

    async def worker_ready(self) -> None:
        """Return when the worker has warmed up, or failed to."""
        await self._settled.wait()

    @work(group="warm-up", exclusive=True)
    async def warm_up(self) -> None:
        from tutor.session.api import SessionError

        try:
            await self.session.start()
        except SessionError as error:
            self._offer_other_device(error)

    def _offer_other_device(self, error: SessionError) -> None:
        from tutor.ui.screens.dialogs import Choose

        buttons = [("read", "Read without it"), ("quit", "Quit")]
        if self._session_for is not None:
            buttons.insert(0, ("cpu", "Use the CPU"))
        text = f"{error.sentence}\n\n{error.advice}".strip()
        self.push_screen(Choose("The worker did not start", text, tuple(buttons)), self._device)

    def _device(self, choice: str | None) -> None:
        if choice == "quit":
            self.exit()
        elif choice == "cpu":
            self._replace_session("cpu")

    @work(group="warm-up", exclusive=True)
    async def _replace_session(self, device: str) -> None:
        assert self._session_for is not None
        old = self.session
        session = self._session_for(device)
        await old.close()
        self.use_session(session)
        self.warm_up()

    def action_interrupt(self) -> None:
        snapshot = self.snapshot
        if not self.opened or not (snapshot.running or snapshot.queue or snapshot.phase == "busy"):
            self.say(f"Nothing is running. {key('app.quit').shown} quits.")
            return
        self.session.interrupt()

    def action_copy_or_interrupt(self) -> None:
        selected = self.screen.get_selected_text() or getattr(self.focused, "selected_text", "")
        if selected:
            self.copy_to_clipboard(selected)
            self.say("Sent to the clipboard.")
        else:
            self.action_interrupt()

    def action_restart_worker(self) -> None:
        if not self.opened:
            return
        if self.snapshot.phase == "failed":
            self._start_again()
            return
        if not self.snapshot.tensors.rows and not self.snapshot.runs:
            self._restart()
            return
        from tutor.ui.screens.dialogs import Choose

        question = Choose(
            "Restart the worker?",
            "All names and tensors are forgotten. Your code and your progress stay.",
            (("yes", "Restart"), ("no", "Cancel")),
        )

        def decided(answer: str | None) -> None:
            if answer == "yes":
                self._restart()

        self.push_screen(question, decided)

    def _start_again(self) -> None:
        if self._session_for is not None:
            self._replace_session("")
        else:
            self.warm_up()

    @work(group="restart", exclusive=True)
    async def _restart(self) -> None:
        from tutor.session.api import SessionError

        with contextlib.suppress(SessionError):  # the banner tells
            await self.session.restart()
