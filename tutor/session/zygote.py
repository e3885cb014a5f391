"""Where workers, graders and the device detection come from: warm, confined, in milliseconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from tutor.sandbox.isolation import Layers, Unavailable
from tutor.sandbox.platform import choose
from tutor.session import machine, temporary
from tutor.session.api import SessionError, SessionSettings
from tutor.session.connection import Connection
from tutor.session.policy import Ground, build_policy
from tutor.session.snapshot import Isolation
from tutor.session.survey import survey
from tutor.session.watchdog import Limits, Watchdog
from tutor.wire.control import Fork, Role

READY_TIMEOUT = 30.0
EXTRAS_DELAY = 1.0
"""Seconds of rest after the first worker before the slow extras are imported."""


class Source(Protocol):
    """What `ForkServer` and `Spares` have in common."""

    extras: bool

    @property
    def alive(self) -> bool: ...
    @property
    def root(self) -> int: ...
    async def start(self) -> None: ...
    async def spawn(self, order: Fork) -> Connection: ...
    def prepare_extras(self) -> None: ...
    async def close(self) -> None: ...


class Zygote:
    """Belongs to the event loop that called `start`.

    entries: replaces the module that a role runs, for tests. fork: None = as the system allows.
    limits: None = by the machine and the settings.
    """

    def __init__(
        self,
        entries: Mapping[str, str] | None = None,
        *,
        fork: bool | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.isolation = Isolation("process-only", "The sandbox has not started yet.")
        self.layers: Layers | None = None
        self._entries = dict(entries or {})
        self._forks = fork
        self._limits = limits
        self._settings: SessionSettings | None = None
        self._ground: Ground | None = None
        self._source: Source | None = None
        self._watchdog: Watchdog | None = None
        self._connections: set[Connection] = set()
        self._last = 0
        self._restarting = asyncio.Lock()
        self._extras_timer: asyncio.TimerHandle | None = None
        self._cleaning: set[asyncio.Future[None]] = set()

    @property
    def alive(self) -> bool:
        """False when the warm process has died; the next spawn starts another one."""
        return self._source is not None and self._source.alive

    @property
    def extras(self) -> bool:
        """True once new children have the slow parts of torch preloaded."""
        return self._source is not None and self._source.extras

    @property
    def memory_limit(self) -> int:
        """Bytes that a worker on the CPU may use; 0 = not limited."""
        return self._ground.memory if self._ground is not None else 0

    @property
    def file_limit(self) -> int:
        """Bytes of the largest file that a worker may write; 0 = not known yet."""
        return self._ground.file_bytes if self._ground is not None else 0

    @property
    def hidden(self) -> tuple[str, ...]:
        """Folders and files that no child may read."""
        return self._ground.hidden if self._ground is not None else ()

    async def start(self, settings: SessionSettings) -> None:
        """Detect the sandbox, make the scratch folder, import torch.

        Raises:
            SessionError: the tier that was asked for does not work, or torch cannot be imported.
        """
        loop = asyncio.get_running_loop()
        try:
            layers = await loop.run_in_executor(None, choose().detect, settings.tier)
        except Unavailable as error:
            raise SessionError(str(error), "Start without asking for it.") from None
        self.layers = layers
        self.isolation = Isolation(layers.tier, layers.sentence, layers.missing)
        self._settings = settings
        self._ground = survey(settings, layers)
        await self._start_source()

    async def close(self) -> None:
        """End all children and the warm process. Safe to call twice."""
        self._settings = None
        await self._stop_source()
        await asyncio.gather(*self._cleaning, return_exceptions=True)

    async def spawn(self, role: Role, **overrides: Any) -> Connection:
        """A fresh, confined process that has sent its first message. `overrides` replace fields
        of its policy, e.g. `network="loopback"`, `device="cpu"`.

        Raises:
            SessionError: it could not be started. A warm process that had died was restarted.
        """
        async with self._restarting:
            if self._settings is None:
                raise SessionError("The session was closed.")
            if not self.alive:
                await self._stop_source()
                await self._start_source()
        source, ground = self._source, self._ground
        assert source is not None
        assert ground is not None
        self._last += 1
        order = Fork(self._last, role, self._policy(role, ground, overrides))
        connection = await source.spawn(order)
        self._adopt(connection, order)
        await self._until_ready(connection)
        if self._watchdog is not None:
            self._watchdog.meet(connection)
        if role == "worker":
            self._plan_extras()
        return connection

    # -------------------------------------------------------------- inside

    def _policy(self, role: Role, ground: Ground, overrides: dict[str, Any]) -> Any:
        counted = ground.layers.outer == "" and ground.layers.tier != "process-only"
        tasks = machine.tasks_of_user() if counted else 0
        folder = temporary.make(ground.scratch, str(self._last)) if role == "worker" else ""
        return build_policy(role, ground, tasks, temporary=folder, **overrides)

    def _adopt(self, connection: Connection, order: Fork) -> None:
        self._connections.add(connection)
        if self._watchdog is not None:
            connection.on_busy = self._watchdog.wake
        connection.on_gone = lambda: self._release(connection, order)
        if not connection.alive:
            self._release(connection, order)

    def _release(self, connection: Connection, order: Fork) -> None:
        self._connections.discard(connection)
        ground = self._ground
        if order.role == "worker" and ground is not None:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, temporary.remove, ground.scratch, str(order.id))
            self._cleaning.add(done)
            done.add_done_callback(self._cleaning.discard)

    async def _until_ready(self, connection: Connection) -> None:
        try:
            await asyncio.wait_for(asyncio.shield(connection.ready), READY_TIMEOUT)
        except TimeoutError:
            await connection.kill()
            raise SessionError(
                f"A new {connection.role} did not answer within {READY_TIMEOUT:.0f} s."
            ) from None
        except asyncio.CancelledError:
            connection.end("was no longer needed")
            raise

    async def _start_source(self) -> None:
        assert self._ground is not None
        assert self.layers is not None
        source = _source(self._ground, self._entries, self.layers.fork, self._forks)
        self._source = source
        try:
            await source.start()
        except BaseException:
            self._source = None
            await source.close()
            raise
        ground = self._ground
        limits = self._limits or Limits(
            memory=ground.memory * 5 // 4, processes=ground.processes, disk=ground.disk
        )
        self._watchdog = Watchdog(
            source.root, self._ground.scratch, limits, lambda: tuple(self._connections)
        )

    async def _stop_source(self) -> None:
        if self._extras_timer is not None:
            self._extras_timer.cancel()
            self._extras_timer = None
        if self._watchdog is not None:
            self._watchdog.close()
            self._watchdog = None
        source, self._source = self._source, None
        if source is not None:
            await source.close()

    def _plan_extras(self) -> None:
        wanted = self._settings is not None and self._settings.extras
        if wanted and not self.extras and self._extras_timer is None:
            loop = asyncio.get_running_loop()
            self._extras_timer = loop.call_later(EXTRAS_DELAY, self._prepare_extras)

    def _prepare_extras(self) -> None:
        self._extras_timer = None
        if self._source is None:
            return
        if any(connection.busy for connection in self._connections):
            self._plan_extras()  # the learner comes first
        else:
            self._source.prepare_extras()


def _source(ground: Ground, entries: dict[str, str], can_fork: bool, wanted: bool | None) -> Source:
    with contextlib.suppress(ImportError):
        if can_fork if wanted is None else wanted:
            from tutor.session.fork_server import ForkServer

            return ForkServer(ground, entries)
        from tutor.session.spares import Spares

        return Spares(ground, entries)
    raise SessionError(
        "This system cannot run workers yet.", "On Windows, run torch-tutor inside WSL 2."
    )
