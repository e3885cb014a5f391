"""What the operating system says this process uses: cheap enough to ask after every statement."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Callable

_usage, _SELF = resource.getrusage, resource.RUSAGE_SELF
_open, _close, _read, _READ = os.open, os.close, os.pread, os.O_RDONLY | os.O_CLOEXEC
_int = int
_PAGE = resource.getpagesize()
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_bytes() -> int:
    """The most that was resident since this process began."""
    return _usage(_SELF).ru_maxrss * _PEAK_UNIT


class Resident:
    """Reads the resident bytes of this process; 0 where the system does not tell. Close it."""

    def __init__(self) -> None:
        self._file = -1
        try:
            self._file = _open("/proc/self/statm", _READ)
        except OSError:
            pass
        self._ask = _from_mach() if self._file < 0 else None

    def bytes(self) -> int:
        """Takes a microsecond or two. Never raises."""
        try:
            if self._file >= 0:
                return _int(_read(self._file, 128, 0).split()[1]) * _PAGE
            return self._ask() if self._ask else 0
        except (OSError, ValueError, IndexError):  # the learner's code closed our descriptor
            return 0

    def close(self) -> None:
        if self._file >= 0:
            try:
                _close(self._file)
            except OSError:
                pass
            self._file = -1


class _TaskInfo(ctypes.Structure):
    """`mach_task_basic_info` of <mach/task_info.h>."""

    _fields_ = [
        ("virtual_size", ctypes.c_uint64),
        ("resident_size", ctypes.c_uint64),
        ("resident_size_max", ctypes.c_uint64),
        ("user_time", ctypes.c_int32 * 2),
        ("system_time", ctypes.c_int32 * 2),
        ("policy", ctypes.c_int32),
        ("suspend_count", ctypes.c_int32),
    ]


_MACH_TASK_BASIC_INFO = 20


def _from_mach() -> Callable[[], int] | None:
    """macOS has no /proc; its kernel is asked directly."""
    if sys.platform != "darwin":
        return None
    try:
        system = ctypes.CDLL(None)
        task = ctypes.c_uint32.in_dll(system, "mach_task_self_")
        ask = system.task_info
    except (OSError, ValueError, AttributeError):
        return None
    info = _TaskInfo()
    words = ctypes.sizeof(info) // 4

    def resident() -> int:
        count = ctypes.c_uint32(words)
        failed = ask(task, _MACH_TASK_BASIC_INFO, ctypes.byref(info), ctypes.byref(count))
        return 0 if failed else int(info.resident_size)

    return resident
