"""Ends a process tree that uses too much memory, too many processes or too much disk.

The hard limits of the kernel come first, where there are any; this catches what they miss:
many small processes, shared memory, many files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tutor.session.connection import Connection
from tutor.session.usage import Usage, exact_memory, find_inside, usage_of
from tutor.text import bytes_text

BUSY_PERIOD, IDLE_PERIOD = 0.1, 1.0
"""Seconds between two looks while something runs, and while nothing does."""
_LINUX = sys.platform.startswith("linux")
_DISK_EVERY = 5
"""Looks between two looks at the disk."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and counts; 0 = no limit."""

    memory: int = 0
    processes: int = 256
    disk: int = 2 << 30
    files: int = 100_000


@dataclass(frozen=True, slots=True)
class Disk:
    size: int
    files: int


def breach(usage: Usage, limits: Limits) -> str:
    """Which limit `usage` breaks, in words that follow "the worker …"; "" when none."""
    if limits.processes and usage.processes > limits.processes:
        return f"was ended: it ran more than {limits.processes} processes, the limit"
    if limits.memory and usage.memory > limits.memory:
        return (
            f"was ended: it used {bytes_text(usage.memory)} of memory, the limit is "
            f"{bytes_text(limits.memory)}"
        )
    return ""


def disk_breach(disk: Disk, limits: Limits) -> str:
    """The same for the scratch folder."""
    if limits.disk and disk.size > limits.disk:
        return (
            f"was ended: its files took {bytes_text(disk.size)} of disk, the limit is "
            f"{bytes_text(limits.disk)}; delete some before you write more"
        )
    if limits.files and disk.files > limits.files:
        return (
            f"was ended: it made more than {limits.files} files, the limit; delete some before "
            "you make more"
        )
    return ""


def grew(now: Disk, before: Disk | None) -> bool:
    """Whether there is more than at the look before. Who only finds a full folder, or is about to
    empty it, is left alone."""
    return before is not None and (now.size > before.size or now.files > before.files)


def disk_use(folder: str, at_most: int = 1 << 20) -> Disk:
    """Bytes and number of files below `folder`; links are not followed. Stops counting after
    `at_most` files."""
    size = files = 0
    todo = [folder]
    while todo and files <= at_most:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return Disk(size, files)


@dataclass(slots=True)
class _Tree:
    """Of one connection, as seen from here: `leader` leads the process group of the child."""

    leader: int
    monitor: int
    """Above the child, and no part of it; the child itself where nothing of ours is above it."""
    measuring: bool = False


class Watchdog:
    """Looks at all `connections` of a zygote whose process here is `root`; 0: each child is one of
    our own, a spare that was promoted. A spare that waits needs no watching: it runs no code but
    ours. What processes use is seen on Linux alone, what lies in `scratch` everywhere."""

    def __init__(
        self,
        root: int,
        scratch: str,
        limits: Limits,
        connections: Callable[[], Iterable[Connection]],
    ) -> None:
        self._root = root
        self._scratch = scratch
        self._limits = limits
        self._connections = connections
        self._trees: dict[int, _Tree] = {}
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_is_slow = False
        self._disk: asyncio.Future[Disk] | None = None
        self._disk_before: Disk | None = None
        self._closed = False

    def meet(self, connection: Connection) -> None:
        """Find the new process now: in a fork bomb it would be a needle in a haystack."""
        if not self._closed and connection.alive and connection.pid:
            self._tree_of(connection)
            self.wake()

    def wake(self) -> None:
        """Something has begun to run."""
        if self._timer is None or self._timer_is_slow:
            self._schedule(BUSY_PERIOD)

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self, seconds: float) -> None:
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_is_slow = seconds > BUSY_PERIOD
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        self._looks += 1
        live = [its for its in self._connections() if its.alive and its.pid]
        for connection in live:
            self._look_at(connection)
        pids = {its.pid for its in live}
        self._trees = {pid: its for pid, its in self._trees.items() if pid in pids}
        busy = [its for its in live if its.busy]
        if busy and self._looks % _DISK_EVERY == 0:
            self._look_at_disk()
        if live:
            self._schedule(BUSY_PERIOD if busy else IDLE_PERIOD)

    def _look_at(self, connection: Connection) -> None:
        tree = self._tree_of(connection)
        if tree is None:
            return
        itself = tree.monitor == tree.leader
        usage = usage_of(tree.monitor, (self._limits.processes or 1 << 20) + 1, itself=itself)
        reason = breach(usage, self._limits)
        if reason and usage.processes > self._limits.processes > 0:
            self._end(connection, tree, reason)
        elif reason:
            self._measure(connection, tree, usage)

    def _measure(self, connection: Connection, tree: _Tree, usage: Usage) -> None:
        """Forks share pages, which `usage` counted once for each of them. The exact measure can
        wait for busy processes, so it has a thread of its own."""
        if tree.measuring:
            return
        tree.measuring = True
        exact = asyncio.get_running_loop().run_in_executor(None, exact_memory, usage)

        def measured(done: asyncio.Future[Usage]) -> None:
            tree.measuring = False
            if self._closed or done.cancelled() or done.exception() is not None:
                return
            reason = breach(done.result(), self._limits)
            if reason and connection.alive:
                self._end(connection, tree, reason)

        exact.add_done_callback(measured)

    def _end(self, connection: Connection, tree: _Tree, reason: str) -> None:
        # The quick way first: under a fork bomb every detour takes seconds.
        with contextlib.suppress(OSError):
            os.killpg(tree.leader, signal.SIGKILL)
        connection.end(reason)

    def _tree_of(self, connection: Connection) -> _Tree | None:
        if not _LINUX:
            return None
        if self._root == 0:
            return self._trees.setdefault(connection.pid, _Tree(connection.pid, connection.pid))
        if connection.pid not in self._trees:
            found = find_inside(self._root, connection.pid)
            if found is None:
                return None
            self._trees[connection.pid] = _Tree(*found)
        return self._trees[connection.pid]

    def _look_at_disk(self) -> None:
        if self._disk is not None and not self._disk.done():
            return
        loop = asyncio.get_running_loop()
        at_most = self._limits.files
        self._disk = loop.run_in_executor(None, disk_use, self._scratch, at_most)
        self._disk.add_done_callback(self._disk_seen)

    def _disk_seen(self, seen: asyncio.Future[Disk]) -> None:
        if self._closed or seen.cancelled() or seen.exception() is not None:
            return
        before, self._disk_before = self._disk_before, seen.result()
        reason = disk_breach(seen.result(), self._limits)
        if reason and grew(seen.result(), before):
            for connection in self._connections():
                if connection.busy and connection.role == "worker":
                    connection.end(reason)
