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


def marked(mark: str) -> list[int]:
    """Processes whose command line or environment holds `mark`; zombies have neither."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in text:
            found.append(int(folder.name))
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def zombies_below(root: int) -> list[int]:
    """Descendants of `root` that are dead and not reaped."""
    found: list[int] = []
    for pid in descendants(root):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[0] == "Z":
            found.append(pid)
    return found


def running_below(root: int, mark: str) -> bool:
    """Whether a descendant of `root` has `mark` in its command line."""
    for pid in descendants(root):
        try:
            if mark in Path(f"/proc/{pid}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False
