"""Process trees on Linux: who descends from whom, and ending them all for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import time

_PATIENCE = 10.0
"""Seconds after which processes that the kernel cannot end are given up."""


def descendants(root: int) -> list[int]:
    """All that descend from `root`, by one scan of /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            children.setdefault(_parent(name), []).append(int(name))
    found: list[int] = []
    todo = [root]
    while todo:
        for pid in children.get(todo.pop(), ()):
            found.append(pid)
            todo.append(pid)
    return found


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            text = file.read()
        return int(text[text.rindex(b")") + 2 :].split()[1])
    except (OSError, ValueError):
        return -1


def kill_descendants() -> None:
    """End everything below this process, which must be a subreaper; returns when all are reaped.

    Stopped first, killed second, so that nothing can fork its way out.
    """
    deadline = time.monotonic() + _PATIENCE
    while not _none_left() and time.monotonic() < deadline:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        signal.sigtimedwait({signal.SIGCHLD}, 0.01)


def _none_left() -> bool:
    """Bury the dead; True when no child is left, dead or alive."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return False
        except ChildProcessError:
            return True
