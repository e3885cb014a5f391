"""Frames: u32 header length, u32 body length, a JSON header, raw body bytes (little endian)."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator

import msgspec

LENGTHS = struct.Struct("<II")
MAX_HEADER = 1 << 20
MAX_BODY = 16 << 20

_encode = msgspec.json.Encoder().encode


class ProtocolError(Exception):
    """The peer sent bytes that are not a legal frame or not a known message."""


def pack(message: msgspec.Struct, body: bytes | bytearray = b"") -> bytes:
    """One frame, ready to send.

    Raises:
        ProtocolError: the message is larger than a receiver would accept.
    """
    header = _encode(message)
    if len(header) > MAX_HEADER or len(body) > MAX_BODY:
        raise ProtocolError(f"message too large: {len(header)} + {len(body)} bytes")
    return LENGTHS.pack(len(header), len(body)) + header + bytes(body)


class FrameParser:
    """Incremental parser for untrusted bytes; its memory is bounded by the two limits."""

    def __init__(self, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> None:
        self._buffer = bytearray()
        self._max_header = max_header
        self._max_body = max_body

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def frames(self, limit: int = 256) -> Iterator[tuple[bytes, bytes]]:
        """At most `limit` complete (header, body) pairs; call again for the rest.

        Raises:
            ProtocolError: a length is out of bounds.
        """
        position = 0
        buffer = self._buffer
        try:
            for _ in range(limit):
                if len(buffer) - position < LENGTHS.size:
                    return
                header, body = LENGTHS.unpack_from(buffer, position)
                if header > self._max_header or body > self._max_body or header < 2:
                    raise ProtocolError(f"bad frame lengths {header}/{body}")
                start = position + LENGTHS.size
                end = start + header + body
                if len(buffer) < end:
                    return
                position = end
                yield bytes(buffer[start : start + header]), bytes(buffer[start + header : end])
        finally:
            if position:
                del buffer[:position]


class BlockingChannel:
    """The child's end of the wire.

    A KeyboardInterrupt never tears a frame: while `busy`, the SIGINT handler must call
    `defer_interrupt()` instead of raising, and the interrupt is raised when the frame is whole.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.RLock()
        self._busy = 0
        self._interrupted = False
        self._held = b""
        self._main = threading.get_ident()

    @property
    def busy(self) -> bool:
        return self._busy > 0

    def defer_interrupt(self) -> None:
        self._interrupted = True

    def forget_interrupt(self) -> None:
        self._interrupted = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, message: msgspec.Struct, body: bytes | bytearray = b"") -> None:
        """Send `message`, behind whatever was held. Raises ProtocolError when it is too large."""
        data = pack(message, body)
        self._enter()
        try:
            with self._lock:
                held, self._held = self._held, b""
                self._socket.sendall(held + data)
        finally:
            self._leave()

    def hold(self, message: msgspec.Struct) -> None:
        """Send `message` with the next one: every send wakes the app, which takes its time."""
        data = pack(message)
        with self._lock:
            self._held += data

    def writable(self) -> bool:
        """True when a small frame can be sent without waiting for the app."""
        return bool(select.select([], [self._socket], [], 0)[1])

    def receive(self) -> tuple[bytes, bytes]:
        """The next (header, body). Raises EOFError when the app is gone."""
        select.select([self._socket], [], [])  # an interrupt here has consumed no byte
        self._enter()
        try:
            header, body = LENGTHS.unpack(self._exactly(LENGTHS.size))
            if header > MAX_HEADER or body > MAX_BODY:
                raise ProtocolError(f"bad frame lengths {header}/{body}")
            return self._exactly(header), self._exactly(body)
        finally:
            self._leave()

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            chunk = self._socket.recv(min(count - len(data), 1 << 20))
            if not chunk:
                raise EOFError("the app closed the channel")
            data += chunk
        return bytes(data)

    def _enter(self) -> None:
        if threading.get_ident() == self._main:
            self._busy += 1

    def _leave(self) -> None:
        if threading.get_ident() != self._main:
            return  # signals are handled in the main thread alone
        self._busy -= 1
        if self._interrupted and not self._busy:
            self._interrupted = False
            raise KeyboardInterrupt
