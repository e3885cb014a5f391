"""Starts the warm process and asks it for workers, graders and the device detection."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutor.sandbox.isolation import Layers, Unavailable
from tutor.sandbox.paths import gpu_devices, import_root, python_environment, python_paths
from tutor.sandbox.platform import choose
from tutor.session import machine
from tutor.session.api import SessionError, SessionSettings
from tutor.session.connection import Connection
from tutor.session.policy import Ground, build_policy, view, zygote_environment
from tutor.session.snapshot import Isolation
from tutor.wire.control import (
    Exited,
    Fork,
    Forked,
    Role,
    Signal,
    Succeed,
    Warm,
    decode_from_zygote,
    encode,
)
from tutor.wire.frames import ProtocolError

WARM_TIMEOUT = 120.0
READY_TIMEOUT = 30.0
EXTRAS_DELAY = 1.0
"""Seconds of rest after the first worker before the slow extras are imported."""
_PIPE_SIZE = 1 << 20
_PACKET = 1 << 20
_CLOSE_TIMEOUT = 5.0


class Zygote:
    """One warm process; forks are cheap. Belongs to the event loop that called `start`.

    `entries` replaces the module that a role runs, for tests.
    """

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        self.isolation = Isolation("process-only", "The sandbox has not started yet.")
        self.layers: Layers | None = None
        self.torch = ""
        self.extras = False
        """True once new children have the slow parts of torch preloaded."""
        self._entries = dict(entries or {})
        self._settings: SessionSettings | None = None
        self._ground: Ground | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Any = None
        self._line: _Line | None = None
        self._old_line: _Line | None = None
        self._connections: dict[int, Connection] = {}
        self._lines: dict[int, _Line] = {}
        self._last = 0
        self._extras_timer: asyncio.TimerHandle | None = None
        self._closed = True

    @property
    def alive(self) -> bool:
        return self._line is not None and self._line.open

    # -------------------------------------------------------------- life

    async def start(self, settings: SessionSettings) -> None:
        """Detect the sandbox, make the scratch folder, import torch.

        Raises:
            SessionError: the tier that was asked for does not work, or torch cannot be imported.
        """
        self._settings, self._closed = settings, False
        loop = asyncio.get_running_loop()
        try:
            layers = await loop.run_in_executor(None, choose().detect, settings.tier)
        except Unavailable as error:
            raise SessionError(str(error), "Start without asking for it.") from None
        self.layers = layers
        self.isolation = Isolation(layers.tier, layers.sentence, layers.missing)
        self._ground = survey(settings, layers)
        await self._launch()

    async def _launch(self) -> None:
        ground = self._ground
        assert ground is not None
        assert self.layers is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = _command(ground.import_root, theirs.fileno(), self._entries)
        self._log = tempfile.TemporaryFile()
        with theirs:
            self._process = subprocess.Popen(
                choose().wrap(command, self.layers, view(ground)),
                pass_fds=[theirs.fileno()],
                env=zygote_environment(ground),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                cwd="/",
                start_new_session=True,
            )
        self._line = _Line(ours, self._heard, self._died)
        try:
            warm = await asyncio.wait_for(self._line.warm, WARM_TIMEOUT)
        except (TimeoutError, ConnectionError):
            sentence = f"torch could not be started: {self._last_words()}"
            await self.close()
            raise SessionError(sentence, "Run `torch-tutor doctor` to see why.") from None
        self.torch = warm.torch

    async def close(self) -> None:
        """End all children and the warm process. Safe to call twice."""
        self._closed = True
        if self._extras_timer is not None:
            self._extras_timer.cancel()
        self._hang_up()
        process, self._process = self._process, None
        if process is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, _wait_or_kill, process)
        self._forget_all("was ended with the session")
        if self._log is not None:
            self._log.close()
            self._log = None

    # -------------------------------------------------------------- children

    async def spawn(self, role: Role, **overrides: Any) -> Connection:
        """A fresh, confined process that has sent its first message. `overrides` replace fields
        of its policy, e.g. `network="loopback"`, `device="cpu"`.

        Raises:
            SessionError: it could not be started. A warm process that had died was restarted.
        """
        if self._closed or self._ground is None:
            raise SessionError("The session was closed.")
        if not self.alive:
            await self._restart()
        assert self.layers is not None
        tasks = 0 if self.layers.outer else machine.tasks_of_user()
        policy = build_policy(role, self._ground, tasks, **overrides)
        self._last += 1
        number, line = self._last, self._line
        assert line is not None
        connection = self._fork(number, line, Fork(number, role, policy))
        try:
            await asyncio.wait_for(asyncio.shield(connection.ready), READY_TIMEOUT)
        except TimeoutError:
            await connection.kill()
            raise SessionError(f"A new {role} did not answer within {READY_TIMEOUT:.0f} s.") from None
        except asyncio.CancelledError:
            connection.end("was no longer needed")
            raise
        if role == "worker":
            self._plan_extras()
        return connection

    def _fork(self, number: int, line: _Line, order: Fork) -> Connection:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        read_end, write_end = os.pipe()
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        connection = Connection(
            order.role, ours, read_end, lambda kind: line.send(Signal(number, kind))
        )
        self._connections[number], self._lines[number] = connection, line
        try:
            sent = line.send(order, theirs.fileno(), write_end)
        finally:
            theirs.close()
            os.close(write_end)
        if not sent:
            self._end(number, "was not started: the warm process has ended")
        return connection

    async def _restart(self) -> None:
        """A new warm process in place of one that died."""
        self._hang_up()
        if self._process is not None:
            _wait_or_kill(self._process)
            self._process = None
        self.extras = False
        await self._launch()

    # -------------------------------------------------------------- the second step

    def _plan_extras(self) -> None:
        assert self._settings is not None
        if self._settings.extras and not self.extras and self._extras_timer is None:
            loop = asyncio.get_running_loop()
            self._extras_timer = loop.call_later(EXTRAS_DELAY, self._start_extras)

    def _start_extras(self) -> None:
        """Ask for a successor that has them; until it is warm the old one goes on forking."""
        self._extras_timer = None
        if not self.alive or self._old_line is not None:
            return
        assert self._line is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        successor = _Line(ours, self._heard, self._died)
        with theirs:
            self._line.send(Succeed(), theirs.fileno())
        successor.warm.add_done_callback(lambda warm: self._swap(successor, warm))
        self._old_line = successor  # closed with the rest, whichever of the two it becomes

    def _swap(self, successor: _Line, warm: asyncio.Future[Warm]) -> None:
        if warm.cancelled() or warm.exception() is not None or self._closed:
            return
        self._line, self._old_line = successor, self._line
        self.extras = True

    # -------------------------------------------------------------- news

    def _heard(self, message: Any) -> None:
        connection = self._connections.get(message.id)
        if connection is None:
            return
        if isinstance(message, Forked):
            connection.forked(message.pid)
        elif isinstance(message, Exited):
            del self._connections[message.id], self._lines[message.id]
            connection.exited(message.status, message.reason)

    def _end(self, number: int, reason: str) -> None:
        connection = self._connections.pop(number)
        del self._lines[number]
        connection.exited(0, reason)

    def _died(self, line: _Line) -> None:
        """The monitors clear the trees; the next spawn starts a new warm process."""
        for number in [number for number, its in self._lines.items() if its is line]:
            self._end(number, "was lost: the warm process behind it has ended")

    def _forget_all(self, reason: str) -> None:
        for number in list(self._connections):
            self._end(number, reason)

    def _hang_up(self) -> None:
        for line in (self._line, self._old_line):
            if line is not None:
                line.close()
        self._line = self._old_line = None

    def _last_words(self) -> str:
        if self._log is None:
            return "the process ended without a word."
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else "the process ended without a word."


class _Line:
    """One control socket to a warm process."""

    def __init__(self, sock: socket.socket, heard: Any, died: Any) -> None:
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
            self.warm.exception()

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
            if isinstance(message, Warm):
                if not self.warm.done():
                    self.warm.set_result(message)
            else:
                self._heard(message)


def survey(settings: SessionSettings, layers: Layers) -> Ground:
    """Look at the computer and make the scratch folder (mode 0700)."""
    scratch = Path(os.path.realpath(settings.scratch))
    for folder in (scratch, scratch / ".tmp", scratch / ".cache"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.chmod(0o700)
    cores = machine.physical_cores()
    return Ground(
        layers=layers,
        scratch=str(scratch),
        read=(*python_paths(), *map(os.path.realpath, settings.assets)),
        hidden=tuple(map(os.path.realpath, settings.hidden)),
        devices=gpu_devices(),
        python=sys.executable,
        import_root=import_root(),
        variables={**python_environment(), **settings.environment},
        outside=dict(os.environ),
        threads=settings.threads or machine.default_threads(cores),
        cores=cores,
        memory=settings.memory_bytes or machine.memory_bytes() * 6 // 10,
    )


def _command(root: str, control: int, entries: Mapping[str, str]) -> list[str]:
    code = (
        f"import sys; sys.path.append({root!r}); "
        "from tutor.zygote.__main__ import main; main()"
    )
    options = [f"--entry={role}={module}" for role, module in entries.items()]
    return [sys.executable, "-P", "-u", "-c", code, str(control), *options]


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_CLOSE_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
