"""What a process may spend: resource limits, priority, and no capabilities even for root."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct

from tutor.sandbox.syscalls import (
    PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_CLEAR_ALL,
    PR_CAPBSET_DROP,
    libc,
    syscall,
)

_CAPABILITY_VERSION = 0x20080522
_CAPABILITIES = 64


def set_limits(*, data_bytes: int, file_bytes: int, open_files: int, processes: int) -> None:
    """Soft and hard limits of this process and its children; 0 leaves one as it is.

    Address space is never limited: torch on a GPU reserves far more than it uses.
    """
    _limit("RLIMIT_CORE", 1)  # smaller than any dump; 0 would still call a program that takes them
    _limit("RLIMIT_MSGQUEUE", 0)
    for name, value in (
        ("RLIMIT_DATA", data_bytes),
        ("RLIMIT_FSIZE", file_bytes),
        ("RLIMIT_NOFILE", open_files),
        ("RLIMIT_NPROC", processes),
    ):
        if value:
            _limit(name, value)


def _limit(name: str, value: int) -> None:
    kind = getattr(resource, name, None)
    if kind is None:
        return
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def be_modest(nice: int) -> None:
    """Lower priority than the app, and the first to go when memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    with contextlib.suppress(OSError):
        os.nice(nice)


def drop_capabilities() -> None:
    """Give up every capability, also across exec. Linux only; harmless for ordinary users."""
    for capability in range(_CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0)))
    libc.prctl(PR_CAP_AMBIENT, *map(ctypes.c_ulong, (PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)))
    header = struct.pack("=II", _CAPABILITY_VERSION, 0)
    syscall("capset", ctypes.c_char_p(header), ctypes.c_char_p(bytes(24)))
