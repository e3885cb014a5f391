"""Opening a path so that it certainly lies in one of a few folders, whatever links are in it."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

from tutor.sandbox.syscalls import syscall

_BENEATH, _NO_MAGIC_LINKS = 0x08, 0x02
_HANDLE = os.O_PATH | os.O_CLOEXEC if hasattr(os, "O_PATH") else 0


def open_beneath(folders: Iterable[str], path: str, *, follow: bool = True) -> int:
    """A handle (O_PATH) of `path`, absolute and without "..", inside one of `folders`. With
    `follow` off, a link at its end is not followed.

    Raises:
        OSError: it is not there, or it is or leads outside (errno EACCES or EXDEV).
    """
    for folder in folders:
        inner = inside(folder, path)
        if inner:
            flags = _HANDLE | (0 if follow else os.O_NOFOLLOW)
            return _open(folder, inner, flags)
    raise PermissionError(errno.EACCES, "outside of the folders that may be written")


def inside(folder: str, path: str) -> str:
    """`path` as seen from `folder`; "" when it is not in it."""
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else ""


def by_handle(handle: int) -> str:
    """A name under which this process reaches what `handle` stands for, and nothing else."""
    return f"/proc/self/fd/{handle}"


def _open(folder: str, inner: str, flags: int) -> int:
    root = os.open(folder, _HANDLE | os.O_DIRECTORY)
    try:
        how = struct.pack("=QQQ", flags, 0, _BENEATH | _NO_MAGIC_LINKS)
        return syscall(
            "openat2",
            ctypes.c_int(root),
            ctypes.c_char_p(os.fsencode(inner)),
            ctypes.c_char_p(how),
            ctypes.c_size_t(len(how)),
        )
    finally:
        os.close(root)
