"""Direct system calls through the C library: what Python's `os` module does not offer."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from tutor.sandbox.syscall_numbers import numbers

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NUMBERS = numbers()


def checked(result: int, what: str) -> int:
    """`result`, or the OSError that the C library's errno stands for."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(name: str, *arguments: Any) -> int:
    """Call `name` with ctypes arguments.

    Raises:
        OSError: it failed, or this machine has no such call.
    """
    if name not in NUMBERS:
        raise OSError(38, f"{name}: not known for this processor")
    return checked(libc.syscall(ctypes.c_long(NUMBERS[name]), *arguments), name)


def prctl(option: int, *values: int) -> int:
    """`prctl(2)`; missing values are 0. Raises OSError."""
    padded = (*values, 0, 0, 0, 0)[:4]
    return checked(libc.prctl(option, *map(ctypes.c_ulong, padded)), "prctl")
