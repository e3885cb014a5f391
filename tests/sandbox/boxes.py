"""A real worker in a real sandbox, with something outside worth reaching; attacks run in it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutor.sandbox.limits import drop_capabilities
from tutor.session.api import SessionSettings
from tutor.session.connection import Connection
from tutor.session.watchdog import Limits
from tutor.session.zygote import Zygote
from tutor.wire.messages import CellFailed, CellFinished, RunCell

SECRET = "TOP-SECRET-7391"

PRELUDE = """
import ctypes, os, resource, signal, socket, subprocess, sys, tempfile, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
def read(path):
    with open(path) as file:
        return file.read()
"""


@dataclass
class Outside:
    """What an attack would like to reach. `names` are visible to attack code."""

    home: Path
    scratch: Path
    listener: socket.socket
    datagrams: socket.socket
    victim: subprocess.Popen[bytes]
    unix: socket.socket
    abstract: socket.socket

    @property
    def names(self) -> dict[str, Any]:
        return {
            "HOME": str(self.home),
            "SECRET": SECRET,
            "PORT": self.listener.getsockname()[1],
            "DATAGRAM_PORT": self.datagrams.getsockname()[1],
            "UNIX": self.unix.getsockname(),
            "ABSTRACT": self.abstract.getsockname(),
            "VICTIM": self.victim.pid,
            "APP": os.getpid(),
        }

    @property
    def victim_lives(self) -> bool:
        return self.victim.poll() is None


@dataclass
class Run:
    """How one cell ended. `lost`: why its process ended; "" when it lives."""

    output: str = ""
    lost: str = ""
    finished: CellFinished | None = None
    failed: CellFailed | None = None
    messages: list[Any] = field(default_factory=list)


def make_outside(folder: Path) -> Outside:
    """Files, sockets and a process of the user, none of them any of the worker's business."""
    home = folder / "home"
    for name in (".ssh", "course/lessons", "course/checks"):
        (home / name).mkdir(parents=True)
    (home / ".ssh/id_rsa").write_text(SECRET)
    (home / ".bashrc").write_text("honest")
    (home / "progress.db").write_text("honest")
    (home / "course/asset.txt").write_text("an asset")
    (home / "course/checks/check.py").write_text(SECRET)
    listener = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    datagrams.setblocking(False)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(home / "bus"))
    unix.listen()
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0torch-tutor-test-{os.getpid()}-{folder.name}")
    abstract.listen()
    victim = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(3600)"],
        env={**os.environ, "VICTIM_SECRET": SECRET},
        preexec_fn=drop_capabilities,  # like a program of an ordinary user, also when we are root
    )
    return Outside(home, folder / "scratch", listener, datagrams, victim, unix, abstract)


class Box:
    """One zygote of one tier. `run` gives each cell a fresh worker."""

    def __init__(self, tier: str, zygote: Zygote, outside: Outside) -> None:
        self.tier = tier
        self.zygote = zygote
        self.outside = outside

    @property
    def confined(self) -> bool:
        return self.tier != "process-only"

    @property
    def root(self) -> int:
        """The process below which all others of this box are."""
        assert self.zygote._source is not None
        return self.zygote._source.root

    async def run(self, code: str, timeout: float = 30.0, **overrides: Any) -> Run:
        """Run `code` after the prelude in a fresh worker; it is ended afterwards."""
        connection = await self.zygote.spawn("worker", device="cpu", **overrides)
        try:
            return await run_in(connection, self.program(code), timeout)
        finally:
            await connection.kill()

    def program(self, code: str) -> str:
        names = "\n".join(f"{name} = {value!r}" for name, value in self.outside.names.items())
        return f"{PRELUDE}\n{names}\n{code}"


async def run_in(connection: Connection, source: str, timeout: float = 30.0) -> Run:
    """Run one cell in this process to its end, or to the end of the process."""
    run = Run()
    output = bytearray()
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(message: Any, body: bytes) -> None:
        run.messages.append(message)
        if isinstance(message, CellFailed):
            run.failed = message
        if isinstance(message, CellFinished):
            run.finished = message
            connection.drain_output()
            if not over.done():
                over.set_result(None)

    def closed(reason: str) -> None:
        if not over.done():
            run.lost = reason
            over.set_result(None)

    connection.on_message, connection.on_output = heard, output.extend
    connection.on_closed = closed
    connection.send(RunCell(1, "cell", source))
    await asyncio.wait_for(over, timeout)
    run.output = output.decode("utf-8", "replace")
    return run


@asynccontextmanager
async def open_box(
    tier: str, outside: Outside, *, fork: bool | None = None, limits: Limits | None = None
) -> AsyncIterator[Box]:
    """A started zygote; everything is gone afterwards."""
    zygote = Zygote(fork=fork, limits=limits)
    course = outside.home / "course"
    os.environ["LEARNER_TOKEN"] = SECRET  # like the many keys that people keep there
    await zygote.start(
        SessionSettings(
            scratch=outside.scratch,
            assets=(course,),
            hidden=(course / "checks",),
            tier=tier,
            extras=False,
            memory_bytes=2 << 30,
        )
    )
    try:
        yield Box(tier, zygote, outside)
    finally:
        await zygote.close()


def close_outside(outside: Outside) -> None:
    for its in (outside.listener, outside.datagrams, outside.unix, outside.abstract):
        its.close()
    outside.victim.kill()
    outside.victim.wait()
