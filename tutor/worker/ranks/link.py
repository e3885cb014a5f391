"""A rank's way to its worker: whole messages, in order, and ticks only when somebody listens."""

from __future__ import annotations

import os
import select
import socket
import threading

import msgspec

from tutor.wire.frames import ProtocolError, pack

_getpid, _select = os.getpid, select.select


class Link:
    """Thread-safe. Silent in processes that the rank forks."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        self._process = _getpid()

    def send(self, message: msgspec.Struct, body: bytes = b"") -> None:
        """Raises ProtocolError when it is too large, OSError when the worker is gone."""
        data = pack(message, body)
        if _getpid() == self._process:
            with self._lock:
                self._socket.sendall(data)

    def offer(self, message: msgspec.Struct) -> None:
        """Send unless the worker is behind; never fails and hardly ever waits."""
        try:
            if _select([], [self._socket], [], 0)[1]:
                self.send(message)
        except (OSError, ValueError, ProtocolError):
            return

    def wait(self) -> bool:
        """Until the worker says a byte; False when it is gone."""
        try:
            return bool(self._socket.recv(1))
        except OSError:
            return False
