"""Runs the zygote and asks it for forks: the way where a process with torch can be forked."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any

from tutor.sandbox.platform import choose
from tutor.session.api import SessionError
from tutor.session.connection import Connection
from tutor.session.launch import WARM_TIMEOUT, Log, command, stop
from tutor.session.policy import Ground, view, zygote_environment
from tutor.wire.control import (
    Exited,
    Fork,
    Forked,
    Signal,
    Succeed,
    Warm,
    decode_from_zygote,
    encode,
)
from tutor.wire.frames import ProtocolError

_PIPE_SIZE = 1 << 20
_PACKET = 1 << 20


class ForkServer:
    """One warm process, later two: the successor that has imported the extras forks from then
    on, the first one stays for what it has forked."""

    def __init__(self, ground: Ground, entries: dict[str, str]) -> None:
        self.extras = False
        self.extras_loaded = asyncio.Event()
        """Set when `extras` turns true."""
        self._ground = ground
        self._entries = entries
        self._process: subprocess.Popen[bytes] | None = None
        self._log = Log()
        self._lines: list[_Line] = []
        """The last one forks."""
        self._successor: _Line | None = None
        self._children: dict[int, tuple[Connection, _Line]] = {}

    @property
    def alive(self) -> bool:
        return bool(self._lines) and all(line.open for line in self._lines)

    @property
    def root(self) -> int:
        """The process, as seen from here, below which all others are."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Import torch. Raises SessionError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = [str(theirs.fileno())]
        options += [f"--entry={role}={module}" for role, module in self._entries.items()]
        line = command(self._ground, "tutor.zygote.__main__", options)
        with theirs:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - takes a few ms, once
                choose().wrap(line, self._ground.layers, view(self._ground)),
                pass_fds=[theirs.fileno()],
                env=zygote_environment(self._ground),
                stdin=subprocess.DEVNULL,
                stdout=self._log.file,
                stderr=self._log.file,
                cwd="/",
                start_new_session=True,
            )
        first = _Line(ours, self._heard, self._died)
        self._lines = [first]
        try:
            await asyncio.wait_for(asyncio.shield(first.warm), WARM_TIMEOUT)
        except (TimeoutError, ConnectionError):
            sentence = f"torch could not be started: {self._log.last_line()}"
            await self.close()
            raise SessionError(sentence, "Run `torch-tutor doctor` to see why.") from None

    async def close(self) -> None:
        """End all children and the warm processes."""
        for line in (*self._lines, self._successor):
            if line is not None:
                line.close()
        self._lines, self._successor = [], None
        process, self._process = self._process, None
        if process is not None:
            await stop(process)
        for number in list(self._children):
            self._end(number, "was ended with the session")
        self._log.close()

    async def spawn(self, order: Fork) -> Connection:
        """A child that may not have come to life yet."""
        line = self._lines[-1]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        read_end, write_end = os.pipe()
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        connection = Connection(
            order.role, ours, read_end, lambda kind: line.send(Signal(order.id, kind))
        )
        self._children[order.id] = connection, line
        try:
            sent = line.send(order, theirs.fileno(), write_end)
        finally:
            theirs.close()
            os.close(write_end)
        if not sent:
            self._end(order.id, "was not started: the warm process has ended")
        return connection

    def prepare_extras(self) -> None:
        """Fork a successor that imports the extras; until it is warm the old one goes on."""
        if not self.alive or self.extras or self._successor is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._successor = successor = _Line(ours, self._heard, self._died)
        with theirs:
            self._lines[-1].send(Succeed(), theirs.fileno())
        successor.warm.add_done_callback(lambda warm: self._swap(successor, warm))

    def _swap(self, successor: _Line, warm: asyncio.Future[Warm]) -> None:
        if warm.cancelled() or warm.exception() is not None or self._successor is not successor:
            return  # the extras could not be imported; nothing is lost but time
        self._successor = None
        self._lines.append(successor)
        self.extras = True
        self.extras_loaded.set()

    # -------------------------------------------------------------- news

    def _heard(self, message: Forked | Exited) -> None:
        if message.id not in self._children:
            return
        connection, _ = self._children[message.id]
        if isinstance(message, Forked):
            connection.forked(message.pid)
        else:
            del self._children[message.id]
            connection.exited(message.status, message.reason)

    def _end(self, number: int, reason: str) -> None:
        connection, _ = self._children.pop(number)
        connection.exited(0, reason)

    def _died(self, line: _Line) -> None:
        """Its monitors clear their trees by themselves."""
        for number in [number for number, its in self._children.items() if its[1] is line]:
            self._end(number, "was lost: the warm process behind it has ended")


class _Line:
    """One control socket to a warm process."""

    def __init__(
        self,
        sock: socket.socket,
        heard: Callable[[Forked | Exited], None],
        died: Callable[[_Line], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.warm: asyncio.Future[Warm] = self._loop.create_future()
        self.open = True
        self._socket = sock
        self._heard, self._died = heard, died
        sock.setblocking(False)
        self._loop.add_reader(sock, self._receive)

    def send(self, message: Any, *descriptors: int) -> bool:
        """False when nobody is there any more."""
        if not self.open:
            return False
        try:
            socket.send_fds(self._socket, [encode(message)], list(descriptors))
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self.open:
            self.open = False
            self._loop.remove_reader(self._socket)
            self._socket.close()
        if not self.warm.done():
            self.warm.set_exception(ConnectionError())
            self.warm.exception()  # nobody may be waiting

    def _receive(self) -> None:
        while self.open:
            try:
                data = self._socket.recv(_PACKET)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                self._died(self)
                return
            try:
                message = decode_from_zygote(data)
            except ProtocolError:
                continue
            if not isinstance(message, Warm):
                self._heard(message)
            elif not self.warm.done():
                self.warm.set_result(message)
