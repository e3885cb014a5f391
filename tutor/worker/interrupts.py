"""SIGINT: stops what the learner runs, never tears a frame or an import of an installed module, and
is ignored when nothing runs."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

from tutor.wire.frames import BlockingChannel
from tutor.wire.messages import StillImporting
from tutor.worker.imports import Imports

INSIST = 1.0
"""Seconds after which a second interrupt stops an import, too."""

# Learner code can rebind all of these, even the names of builtins.
_getpid, _signal, _mask = os.getpid, signal.signal, signal.pthread_sigmask
_SIGINT, _UNBLOCK = signal.SIGINT, signal.SIG_UNBLOCK
_Interrupt = KeyboardInterrupt
_clock = time.monotonic


class Interrupts:
    """Owns the handler of this process; forked children get Python's usual behaviour."""

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._process = _getpid()
        self._armed = False
        self._imports = Imports(self._imported)
        self._since = 0.0
        self._install()

    def arm(self) -> None:
        """From now on an interrupt raises KeyboardInterrupt in the learner's code."""
        self._install()
        self._armed = True

    def disarm(self) -> None:
        """From now on interrupts are ignored. Safe to call twice, and while Python is wrecked."""
        self._armed = self._imports.waiting = False
        self._channel.forget_interrupt()

    def _install(self) -> None:
        # Learner code may have replaced or blocked the signal in an earlier cell.
        _signal(_SIGINT, self._handle)
        _mask(_UNBLOCK, {_SIGINT})

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if _getpid() != self._process:
            raise _Interrupt
        if not self._armed:
            return
        if self._channel.busy:
            self._channel.defer_interrupt()
        elif self._imports.waiting and _clock() < self._since + INSIST:
            return
        elif not self._imports.waiting and self._imports.going_on(frame):
            self._imports.waiting, self._since = True, _clock()
            self._channel.send(StillImporting())
        else:
            self._imports.waiting = False
            raise _Interrupt

    def _imported(self, frame: FrameType) -> None:
        if self._armed and _getpid() == self._process and not self._imports.going_on(frame):
            self._imports.waiting = False
            raise _Interrupt
