"""A real worker in a real sandbox, with something outside worth reaching; attacks run in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.outside import SECRET, Outside
from tutor.session.api import SessionSettings
from tutor.session.connection import Connection
from tutor.session.watchdog import Limits
from tutor.session.zygote import Zygote
from tutor.wire.messages import CellFailed, CellFinished, RunCell

LOW_LIMITS = Limits(memory=1 << 30, processes=60, disk=200 << 20, files=1000)
NO_LIMITS = Limits(0, 0, 0, 0)

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
class Run:
    """How one cell ended. `lost`: why its process ended; "" when it lives."""

    output: str = ""
    lost: str = ""
    finished: CellFinished | None = None
    failed: CellFailed | None = None
    messages: list[Any] = field(default_factory=list)


class Box:
    """One zygote of one tier. `run` gives each cell a fresh worker."""

    def __init__(
        self,
        tier: str,
        zygote: Zygote,
        outside: Outside,
        overrides: dict[str, Any] | None = None,
    ) -> None:
        self.tier = tier
        self.zygote = zygote
        self.outside = outside
        self.overrides = overrides or {}

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
        connection = await self.spawn(**overrides)
        try:
            return await run_in(connection, self.program(code), timeout)
        finally:
            await connection.kill()

    async def spawn(self, **overrides: Any) -> Connection:
        return await self.zygote.spawn("worker", device="cpu", **self.overrides | overrides)

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


class Boxes:
    """Boxes by name, each opened once: a tier, or a tier with an older Landlock ("good-3")."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._zygotes: dict[str, Zygote] = {}
        self._open = AsyncExitStack()

    async def of(self, name: str) -> Box:
        tier, _, version = name.partition("-") if name != "process-only" else (name, "", "")
        if tier not in self._zygotes:
            limits = NO_LIMITS if tier == "process-only" else LOW_LIMITS
            opened = open_box(tier, self._outside, limits=limits)
            self._zygotes[tier] = (await self._open.enter_async_context(opened)).zygote
        overrides = {"landlock_at_most": int(version)} if version else {}
        return Box(tier, self._zygotes[tier], self._outside, overrides)

    async def close(self) -> None:
        await self._open.aclose()
