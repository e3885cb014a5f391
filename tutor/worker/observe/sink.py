"""The observers' way out: bounded, and never a reason for the learner's code to wait."""

from __future__ import annotations

import os
import threading
from collections import deque

from tutor.wire.base import Message
from tutor.wire.frames import BlockingChannel, ProtocolError

KEPT = 256
"""Messages that wait for a busy app; the oldest make room."""

_getpid = os.getpid


class Sink:
    """Thread-safe. `emit` sends at once when the app keeps up, else keeps the newest."""

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._waiting: deque[Message] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._process = _getpid()
        self.dropped = 0

    def emit(self, message: Message) -> None:
        """Send or keep `message`; silent in processes that the learner's code forked."""
        if _getpid() != self._process:
            return
        with self._lock:
            if len(self._waiting) == KEPT:
                self.dropped += 1
            self._waiting.append(message)
            while self._waiting and self._channel.writable():
                self._send(self._waiting.popleft())

    def flush(self) -> None:
        """Send everything that waits, when the run is over and nobody is slowed down."""
        with self._lock:
            while self._waiting:
                self._send(self._waiting.popleft())

    def _send(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ProtocolError:
            self.dropped += 1  # too large for the wire
