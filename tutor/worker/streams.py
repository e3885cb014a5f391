"""The process's standard streams: where prints go, and repairing what learner code did to them."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import sys
from typing import Any, TextIO

_dup2, _fstat = os.dup2, os.fstat


class Streams:
    """Line-buffered text over descriptors 1 and 2, so that nothing is lost when a cell crashes."""

    def __init__(self, stdin: Any) -> None:
        self._stdin = stdin
        self._spare = {number: os.dup(number) for number in (1, 2)}
        self._libc = ctypes.CDLL(None)
        self._out = _writer(1)
        self._err = _writer(2, write_through=True)
        self.restore()

    def restore(self) -> None:
        """Put our streams back where `print` looks, and reopen what was closed."""
        for number, spare in self._spare.items():
            try:
                _fstat(number)
            except OSError:
                with contextlib.suppress(OSError):
                    _dup2(spare, number)
        if self._out.closed:
            self._out = _writer(1)
        if self._err.closed:
            self._err = _writer(2, write_through=True)
        sys.stdin, sys.stdout, sys.stderr = self._stdin, self._out, self._err
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = self._stdin, self._out, self._err

    def flush(self) -> None:
        """Bring everything that was printed into the pipe: Python's buffers, then C's."""
        for stream in (sys.stdout, sys.stderr, self._out, self._err):
            with contextlib.suppress(Exception):
                stream.flush()
        with contextlib.suppress(Exception):
            self._libc.fflush(None)


def _writer(number: int, write_through: bool = False) -> TextIO:
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
        write_through=write_through,
    )
