"""A real terminal for tests: a pseudo-terminal, a program on it, and the picture it draws."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "down": "\x1b[B",
    "up": "\x1b[A",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "ctrl+c": "\x03",
    "ctrl+g": "\x07",
    "ctrl+n": "\x0e",
    "ctrl+q": "\x11",
}


class Terminal:
    """Runs `python -m tutor WORDS` on a terminal of `columns` by `rows`. A context manager."""

    def __init__(
        self,
        *words: str,
        columns: int = 120,
        rows: int = 36,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.raw = b""
        """Every byte that was drawn."""
        self.status: int | None = None
        """Exit code; negative for a signal; None while it runs."""
        self._stream = pyte.ByteStream(self.screen)
        settings = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(environment or {}),
        }
        settings.pop("NO_COLOR", None)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                os.chdir(folder)
                os.execve(sys.executable, [sys.executable, "-m", "tutor", *words], settings)
            finally:
                os._exit(127)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        if self._master >= 0:
            os.close(self._master)

    @property
    def text(self) -> str:
        """What the learner sees now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys by name, or type a text."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def until(
        self, wanted: str | Callable[[str], bool], timeout: float = 25.0, poll: float = 0.0
    ) -> str:
        """Read on until the picture shows `wanted`; the picture then.

        poll: ask again after so many seconds although nothing was drawn.
        """
        shows = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + timeout
        while not shows(self.text):
            left = end - time.monotonic()
            if left <= 0 or not (self._read(min(left, poll or left)) or poll):
                raise AssertionError(f"{wanted!r} did not appear in:\n{self.text}")
        return self.text

    def drawn_within(self, seconds: float) -> int:
        """How many bytes are drawn in that time."""
        before, end = len(self.raw), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return len(self.raw) - before

    def quiet(self, seconds: float, timeout: float = 30.0) -> None:
        """Return once nothing was drawn for that long."""
        end = time.monotonic() + timeout
        while self.drawn_within(seconds):
            assert time.monotonic() < end, f"it never stopped drawing:\n{self.text}"

    def wait(self, timeout: float = 30.0) -> int:
        """Read on until the program ends; its exit code."""
        end = time.monotonic() + timeout
        while self._read(end - time.monotonic()):
            pass
        if time.monotonic() >= end:
            raise AssertionError(f"it did not end within {timeout:g} s:\n{self.text}")
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def hang_up(self, timeout: float = 30.0) -> int:
        """Close the terminal under the program, as a closed window does; its exit code."""
        os.close(self._master)
        self._master = -1
        end = time.monotonic() + timeout
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
            assert time.monotonic() < end, "it did not end with its terminal"
            time.sleep(0.02)  # without a terminal nothing else tells of its end

    def _read(self, timeout: float) -> bool:
        """Take in what was drawn; False when nothing came in time or all is over."""
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        data = b""
        with contextlib.suppress(OSError):  # Linux: the other end is closed
            data = os.read(self._master, 65536)
        self.raw += data
        self._stream.feed(data)
        return bool(data)
