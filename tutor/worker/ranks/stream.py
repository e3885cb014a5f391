"""Large pieces over a stream socket: a header and raw parts whose sizes the header tells."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("<Q")


def send_all(sock: socket.socket, header: bytes, *parts: bytes) -> None:
    """Raises OSError when nobody listens."""
    sock.sendall(_LENGTH.pack(len(header)) + header)
    for part in parts:
        sock.sendall(part)


def receive_header(sock: socket.socket) -> bytes:
    """Raises EOFError."""
    (size,) = _LENGTH.unpack(receive_exactly(sock, _LENGTH.size))
    return receive_exactly(sock, size)


def receive_exactly(sock: socket.socket, count: int) -> bytes:
    """Raises EOFError when the other side closes before that."""
    data = bytearray(count)
    view, filled = memoryview(data), 0
    while filled < count:
        received = sock.recv_into(view[filled:], min(count - filled, 1 << 20))
        if not received:
            raise EOFError
        filled += received
    return bytes(data)
