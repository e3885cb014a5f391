"""Running a script without the full screen: its output passes through, its questions are asked on
the terminal, and the summary comes at the end."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import signal
import sys
import threading
from collections.abc import Callable

from tutor.script.passing import Passing
from tutor.session.api import Code
from tutor.session.session import Session
from tutor.session.snapshot import CellRun, InputWanted, Snapshot

_ENDING = ("SIGTERM", "SIGHUP")


class PlainRun:
    """One run from start to end. `signalled` is the number of the signal that asked us to leave,
    else 0."""

    def __init__(self, session: Session, code: Code) -> None:
        self._session = session
        self._code = code
        self._passing = Passing() if sys.stdout.isatty() else None
        self._asked: InputWanted | None = None
        self._interrupts = 0
        self._begun = False
        self._over: asyncio.Future[CellRun | None] | None = None
        self.signalled = 0

    async def run(self) -> CellRun | None:
        """The run when it is over; None when it never began. Raises SessionError."""
        loop = asyncio.get_running_loop()
        self._over = over = loop.create_future()
        session = self._session
        session.on_output = self._write
        signals = {signal.SIGINT: self._interrupted}
        for name in _ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signals[number] = lambda number=number: self._leave(number)
        for number, action in signals.items():
            loop.add_signal_handler(number, action)
        starting = asyncio.ensure_future(session.start())
        try:
            await asyncio.wait({starting, over}, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                return over.result()
            starting.result()
            unsubscribe = session.subscribe(self._look)
            session.run(self._code)
            self._begun = True
            try:
                return await over
            finally:
                unsubscribe()
        finally:
            starting.cancel()
            with contextlib.suppress(BaseException):
                await starting
            self._write(b"", last=True)
            for number in signals:
                loop.remove_signal_handler(number)

    # -------------------------------------------------------------- events

    def _look(self, snapshot: Snapshot) -> None:
        run = snapshot.runs.get(self._code.block)
        if run is not None and run.state not in ("queued", "running") and self._over is not None:
            if not self._over.done() and snapshot.running == "":
                self._over.set_result(run)
        elif run is None and self._interrupts and not (snapshot.queue or snapshot.running):
            self._leave(signal.SIGINT)  # it was stopped before its first line
        elif snapshot.phase == "failed" and self._over is not None and not self._over.done():
            self._over.set_result(run)
        elif snapshot.input_wanted is not None and snapshot.input_wanted is not self._asked:
            self._asked = snapshot.input_wanted
            self._ask(snapshot.input_wanted)

    def _write(self, data: bytes, *, last: bool = False) -> None:
        """To the terminal what is harmless there, to a file or pipe every byte."""
        if self._passing is not None:
            data = self._passing.feed(data, last=last).encode()
        with contextlib.suppress(BlockingIOError):
            sys.stdout.flush()
        _write_all(sys.stdout.fileno(), data)

    def _ask(self, wanted: InputWanted) -> None:
        """On a thread of its own: reading a line can take for ever."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            answer = _line(wanted)
            with contextlib.suppress(RuntimeError):  # all is over meanwhile
                loop.call_soon_threadsafe(self._session.answer_input, answer)

        threading.Thread(target=read, daemon=True).start()

    def _interrupted(self) -> None:
        self._interrupts += 1
        if not self._begun:
            self._leave(signal.SIGINT)
            return
        again = "Ctrl+C again ends it" if self._interrupts == 1 else "it is ended now"
        print(f"\ntorch-tutor: the script was asked to stop; {again}.", file=sys.stderr)
        self._session.interrupt()

    def _leave(self, number: int) -> None:
        self.signalled = number
        if self._over is not None and not self._over.done():
            self._over.set_result(None)


def _line(wanted: InputWanted) -> str | None:
    """What the learner types; None at the end of the input."""
    try:
        if wanted.secret and sys.stdin.isatty():
            return getpass.getpass(wanted.prompt)
        sys.stdout.write(wanted.prompt)
        sys.stdout.flush()
        text = sys.stdin.readline()
    except (OSError, ValueError, EOFError):
        return None
    return text.removesuffix("\n") if text else None


def _write_all(descriptor: int, data: bytes) -> None:
    """Also where the other end is slow, or was left in a mode that does not wait."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            os.set_blocking(descriptor, True)


def sayer(quiet: bool = False) -> Callable[[str], None]:
    """Says a sentence of torch-tutor's own, on stderr."""

    def say(sentence: str) -> None:
        if not quiet:
            print(f"torch-tutor: {sentence}", file=sys.stderr)

    return say
