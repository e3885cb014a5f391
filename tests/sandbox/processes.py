"""Looking at processes and descriptors from outside, and waiting for a condition without sleeping
longer than needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tutor.session.usage import descendants


async def eventually(condition: Callable[[], bool], timeout: float = 10.0) -> bool:
    """True as soon as `condition` holds, False when it does not within `timeout` seconds."""
    deadline = asyncio.get_running_loop().time() + timeout
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.005)
    return True


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def zombies_below(root: int) -> list[int]:
    """Descendants of `root` that are dead and not reaped."""
    return [pid for pid in descendants(root) if _state(pid) == "Z"]


def is_alive(pid: int) -> bool:
    """Neither gone nor a zombie."""
    return _state(pid) not in ("", "Z")


def _state(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def running_below(root: int, mark: str) -> bool:
    """Whether a descendant of `root` has `mark` in its command line."""
    for pid in descendants(root):
        try:
            if mark in Path(f"/proc/{pid}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False
