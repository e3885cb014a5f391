"""What a process tree uses right now, read from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process: ids as seen from here and from inside its own namespace, resident bytes of
    private and of shared memory."""

    pid: int
    inner_pid: int
    private: int
    shared: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a whole tree. `memory` in bytes; pages shared since a fork count once for each process
    unless `exact`."""

    processes: int = 0
    memory: int = 0
    pids: tuple[int, ...] = field(default=())
    exact: bool = False


def usage_of(root: int, at_most: int = 1 << 20, *, itself: bool = False) -> Usage:
    """The tree below `root`, with `root` if `itself`; the look ends after `at_most` processes,
    which a fork bomb multiplies faster than they can be counted."""
    pids = [root] * itself + descendants(root, at_most)
    tree = [process for process in map(read_process, pids) if process is not None]
    return Usage(
        len(tree),
        sum(process.private + process.shared for process in tree),
        tuple(process.pid for process in tree),
    )


def exact_memory(usage: Usage) -> Usage:
    """The same tree with each page counted once (proportional set size); slower. Processes that
    cannot be read in that way keep their resident size."""
    total = 0
    for pid in usage.pids:
        exact = _proportional(pid)
        if exact is None:
            process = read_process(pid)
            exact = process.private + process.shared if process else 0
        total += exact
    return Usage(usage.processes, total, usage.pids, exact=True)


def find_inside(root: int, inner_pid: int) -> tuple[int, int] | None:
    """(pid, parent's pid) as seen from here of the process that its namespace calls `inner_pid`;
    it is looked for below `root`."""
    children_of = _children_here()
    todo = [root]
    while todo:
        parent = todo.pop()
        for pid in children_of(parent):
            process = read_process(pid)
            if process is not None and process.inner_pid == inner_pid:
                return pid, parent
            todo.append(pid)
    return None


def descendants(root: int, at_most: int = 1 << 20) -> list[int]:
    """All that descend from `root`, as seen from here; no more than `at_most`."""
    children_of = _children_here()
    found: list[int] = []
    todo = [root]
    while todo and len(found) < at_most:
        for pid in children_of(todo.pop()):
            found.append(pid)
            todo.append(pid)
    return found[:at_most]


def read_process(pid: int) -> Process | None:
    """None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        values[name] = value
    inner = values.get("NSpid", "").split()
    return Process(
        pid,
        int(inner[-1]) if inner else pid,
        _kilobytes(values.get("RssAnon", "")),
        _kilobytes(values.get("RssShmem", "")),
    )


def _kilobytes(text: str) -> int:
    return int(text.split()[0]) << 10 if text.strip() else 0


def _proportional(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    parts = ("Pss_Anon:", "Pss_Shmem:")
    lines = [line for line in text.splitlines() if line.startswith(parts)]
    return sum(_kilobytes(line.partition(":")[2]) for line in lines) if lines else None


def _children_here() -> Callable[[int], list[int]]:
    return _children if _kernel_lists_children() else _by_scan()


@cache
def _kernel_lists_children() -> bool:
    return Path("/proc/self/task", str(os.getpid()), "children").exists()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            found += map(int, Path(task.path, "children").read_text().split())
    except OSError:
        pass  # ended meanwhile
    return found


def _by_scan() -> Callable[[int], list[int]]:
    """For kernels without the list of children: one pass over all processes."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_bytes()
        except OSError:
            continue
        parent = int(text[text.rindex(b")") + 2 :].split()[1])
        children.setdefault(parent, []).append(int(folder.name))
    return lambda pid: children.get(pid, [])
