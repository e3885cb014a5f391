"""A process that imports torch and waits; one order turns it into a worker or a grader.

For systems where a process with torch must not be forked. `python -m tutor.zygote.spare
PROTOCOL_FD OUTPUT_FD [--entry ROLE=MODULE]…`
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import struct
import sys
import threading
import time

from tutor.wire.control import Fork, decode_to_zygote
from tutor.zygote import child, preload, roles

_LENGTH = struct.Struct("<I")
_LOOK_EVERY = 1.0
"""Seconds between two looks at whether the app is still there."""


def main() -> None:
    """Import everything, tell, wait for the order, carry it out. Does not return."""
    parser = argparse.ArgumentParser()
    parser.add_argument("protocol", type=int)
    parser.add_argument("output", type=int)
    parser.add_argument("--entry", action="append", default=[])
    options = parser.parse_args()
    entries = roles.ENTRIES | dict(entry.split("=", 1) for entry in options.entry)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    app = os.getppid()
    preload.import_torch(entries.values())
    preload.import_extras()
    channel = socket.socket(fileno=options.protocol)
    channel.sendall(b"w")
    order = _order(channel)
    if order is None:
        os._exit(0)
    protocol = channel.detach()
    if not sys.platform.startswith("linux"):
        threading.Thread(target=_end_with, args=(app,), daemon=True).start()
    child.become(entries[order.role], order.policy, protocol, options.output, forked=False)


def _order(channel: socket.socket) -> Fork | None:
    """What to become; None when the app went away instead."""
    size = _exactly(channel, _LENGTH.size)
    data = _exactly(channel, _LENGTH.unpack(size)[0]) if size else b""
    message = decode_to_zygote(data) if data else None
    return message if isinstance(message, Fork) else None


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = channel.recv(count - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def _end_with(app: int) -> None:
    """Where the kernel does not end us with our parent, look."""
    while os.getppid() == app:
        time.sleep(_LOOK_EVERY)
    os.killpg(0, signal.SIGKILL)
