"""SIGINT: stops what the learner runs, never tears a frame, and is ignored when nothing runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tutor.wire.frames import BlockingChannel

_getpid, _signal, _mask = os.getpid, signal.signal, signal.pthread_sigmask
_SIGINT, _UNBLOCK = signal.SIGINT, signal.SIG_UNBLOCK


class Interrupts:
    """Owns the handler of this process; forked children get Python's usual behaviour."""

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._process = _getpid()
        self._armed = False
        self._install()

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Within: an interrupt raises KeyboardInterrupt in the learner's code."""
        self._install()
        try:
            self._armed = True
            yield
        finally:
            self._armed = False
            self._channel.forget_interrupt()

    def _install(self) -> None:
        # Learner code may have replaced or blocked the signal in an earlier cell.
        _signal(_SIGINT, self._handle)
        _mask(_UNBLOCK, {_SIGINT})

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if _getpid() != self._process:
            raise KeyboardInterrupt
        if not self._armed:
            return
        if self._channel.busy:
            self._channel.defer_interrupt()
        else:
            raise KeyboardInterrupt
