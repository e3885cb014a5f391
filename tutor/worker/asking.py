"""`input()`, `getpass` and `sys.stdin`: a question to the learner, answered over the wire."""

from __future__ import annotations

import contextlib
import getpass
import io
import os
import sys
from collections.abc import Callable

from tutor.plain import LINE, clip
from tutor.wire.frames import BlockingChannel
from tutor.wire.messages import AnswerInput, InputRequested, Quit, decode
from tutor.worker.intact import Intact

_getpid = os.getpid


class Asking(io.TextIOBase):
    """Installs itself as `input` and `getpass.getpass`; is itself the `sys.stdin` of cells."""

    def __init__(self, channel: BlockingChannel, intact: Intact, leave: Callable[[], None]) -> None:
        self._channel = channel
        self._intact = intact
        self._leave = leave
        self._process = _getpid()
        self.allowed = False
        getpass.getpass = self.getpass
        intact.replace("input", self.input)

    def input(self, prompt: object = "", /) -> str:
        """Ask the learner for one line.

        Raises:
            EOFError: no input was given.
        """
        return self._ask(str(prompt), secret=False)

    def getpass(self, prompt: object = "Password: ", stream: object = None, **_: object) -> str:
        return self._ask(str(prompt), secret=True)

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        try:
            return self._ask("", secret=False) + "\n"
        except EOFError:
            return ""

    def read(self, size: int | None = -1, /) -> str:
        return "".join(iter(self.readline, ""))

    def _ask(self, prompt: str, secret: bool) -> str:
        if not self.allowed or _getpid() != self._process:
            raise EOFError("no input was given: only a running cell can ask for it")
        return self._intact.run(lambda: self._asked(prompt, secret))

    def _asked(self, prompt: str, secret: bool) -> str:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        self._channel.send(InputRequested(clip(prompt, LINE), secret))
        while True:
            message = decode("to_worker", self._channel.receive()[0])
            if isinstance(message, AnswerInput):
                if message.text is None:
                    raise EOFError("no input was given")
                return message.text
            if isinstance(message, Quit):
                self._leave()
