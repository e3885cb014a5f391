"""What this computer has to spend: cores, memory, tasks of this user."""

from __future__ import annotations

import os
from pathlib import Path


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads counted once where that is known."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not usable:
        return os.cpu_count() or 1
    cores = {_siblings(number) or str(number) for number in usable}
    return len(cores)


def _siblings(number: int) -> str:
    path = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def default_threads(cores: int) -> int:
    """Intra-op threads: one on small machines, where two beside a busy app are far slower;
    else one core is left to the app."""
    return 1 if cores <= 2 else cores - 1


def memory_bytes() -> int:
    """Physical memory, or the container's share where that is smaller; 0 where unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return total


def tasks_of_user() -> int:
    """Threads that this user runs now (Linux), which a limit of processes counts, too."""
    count, user = 0, os.getuid()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == user:
                count += len(list((folder / "task").iterdir()))
        except OSError:
            continue
    return count
