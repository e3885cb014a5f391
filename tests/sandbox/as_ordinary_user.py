"""Runs a command as an ordinary user without any capability: for root, who tests for both.

`python -m tests.sandbox.as_ordinary_user FOLDER COMMAND…`, FOLDER being where that user may write.
Where a folder on the way to Python is closed to others (/root, say), this process and its
children see, in its place, one that holds Python alone. Nothing outside of them changes.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path

from tutor.sandbox.syscalls import PR_CAPBSET_DROP, checked, libc

USER = 2000
_NEW_MOUNTS, _BIND, _PRIVATE = 0x20000, 4096 | 16384, 16384 | 1 << 18


def main() -> None:
    """Does not return."""
    folder, *command = sys.argv[1:]
    os.chown(folder, USER, USER)
    _open_the_way()
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0)))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = folder
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.execv(command[0], command)


def _open_the_way() -> None:
    """Let others reach Python, its packages and this repository."""
    checked(libc.unshare(_NEW_MOUNTS), "unshare")
    _mount("none", "/", None, _PRIVATE)
    closed: dict[Path, list[tuple[int, Path]]] = {}
    for path in (sys.base_prefix, sys.prefix, Path(__file__).parents[2]):
        needed = Path(path).resolve()
        door = next((it for it in reversed(needed.parents) if not _is_open(it)), None)
        if door is not None:
            closed.setdefault(door, []).append((os.open(needed, os.O_PATH), needed))
    for door, needs in closed.items():
        _mount("none", str(door), "tmpfs", 0, "mode=0755")
        for handle, path in needs:
            path.mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{handle}", str(path), None, _BIND)
            os.close(handle)


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _mount(
    source: str, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    texts = [None if it is None else it.encode() for it in (source, target, kind)]
    result = libc.mount(*texts, ctypes.c_ulong(flags), options and options.encode())
    checked(result, f"mount {target}")


if __name__ == "__main__":
    main()
