"""Warm spare processes, for systems where a process with torch must not be forked (macOS).

One process waits with torch imported; a spawn promotes it and starts the next one. A restart
costs one round trip, each spare the memory of a whole torch.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
from dataclasses import dataclass
from typing import Literal

from tutor.sandbox.platform import choose
from tutor.session.api import SessionError
from tutor.session.connection import Connection
from tutor.session.launch import WARM_TIMEOUT, Log, command
from tutor.session.policy import Ground, view, zygote_environment
from tutor.wire.control import Fork, encode

WARM_BYTE = b"w"
_LENGTH = struct.Struct("<I")


@dataclass(slots=True)
class _Spare:
    process: asyncio.subprocess.Process
    socket: socket.socket
    output: int


class Spares:
    """Keeps one spare; the same interface as `ForkServer`."""

    def __init__(self, ground: Ground, entries: dict[str, str]) -> None:
        self.extras = True  # a spare has time enough to import everything
        self._ground = ground
        self._entries = entries
        self._log = Log()
        self._next: asyncio.Task[_Spare] | None = None
        self._children: dict[int, tuple[Connection, asyncio.subprocess.Process]] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def alive(self) -> bool:
        return not self._closed

    @property
    def root(self) -> int:
        """0: no process above all children that could be watched."""
        return 0

    async def start(self) -> None:
        """Import torch in the first spare. Raises SessionError."""
        self._prepare()
        assert self._next is not None
        await asyncio.shield(self._next)

    async def close(self) -> None:
        self._closed = True
        if self._next is not None:
            self._next.cancel()
            with contextlib.suppress(asyncio.CancelledError, SessionError):
                await self._dismiss(await self._next)
        for _, process in self._children.values():
            _kill(process)
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._log.close()

    def prepare_extras(self) -> None:
        """Nothing to do: every spare has them."""

    async def spawn(self, order: Fork) -> Connection:
        """The spare, promoted. Raises SessionError."""
        if self._next is None:
            self._prepare()
        assert self._next is not None
        task, self._next = self._next, None
        spare = await task
        self._prepare()

        def order_end(kind: Literal["interrupt", "kill"]) -> None:
            if kind == "kill":
                _kill(spare.process)
            else:
                _signal(spare.process, signal.SIGINT)

        packet = encode(order)
        loop = asyncio.get_running_loop()
        connection = None
        with contextlib.suppress(OSError):
            await loop.sock_sendall(spare.socket, _LENGTH.pack(len(packet)) + packet)
        connection = Connection(order.role, spare.socket, spare.output, order_end)
        connection.forked(spare.process.pid)
        self._children[order.id] = connection, spare.process
        watcher = asyncio.ensure_future(self._watch(order.id))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return connection

    async def _watch(self, number: int) -> None:
        connection, process = self._children[number]
        code = await process.wait()
        _kill(process)  # what it left behind in its group
        del self._children[number]
        connection.exited(-code if code < 0 else code << 8)

    def _prepare(self) -> None:
        if not self._closed:
            self._next = asyncio.ensure_future(self._launch())
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _launch(self) -> _Spare:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        read_end, write_end = os.pipe()
        options = [str(theirs.fileno()), str(write_end)]
        options += [f"--entry={role}={module}" for role, module in self._entries.items()]
        line = command(self._ground, "tutor.zygote.spare", options)
        try:
            process = await asyncio.create_subprocess_exec(
                *choose().wrap(line, self._ground.layers, view(self._ground)),
                pass_fds=[theirs.fileno(), write_end],
                env=zygote_environment(self._ground),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._log.file,
                stderr=self._log.file,
                cwd="/",
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(write_end)
        ours.setblocking(False)
        spare = _Spare(process, ours, read_end)
        loop = asyncio.get_running_loop()
        try:
            warm = await asyncio.wait_for(loop.sock_recv(ours, 1), WARM_TIMEOUT)
        except (TimeoutError, OSError):
            warm = b""
        except asyncio.CancelledError:
            await self._dismiss(spare)
            raise
        if warm != WARM_BYTE:
            await self._dismiss(spare)
            raise SessionError(
                f"torch could not be started: {self._log.last_line()}",
                "Run `torch-tutor doctor` to see why.",
            )
        return spare

    async def _dismiss(self, spare: _Spare) -> None:
        spare.socket.close()
        os.close(spare.output)
        _kill(spare.process)
        await spare.process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    _signal(process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
