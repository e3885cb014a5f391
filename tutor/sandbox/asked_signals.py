"""Signals, where Landlock has no scope for them: allowed to what descends from the worker."""

from __future__ import annotations

import ctypes
import errno
import os
import signal

from tutor.sandbox.notify import Call
from tutor.sandbox.syscalls import syscall


class AskedSignals:
    """Call it in the process that all the sandbox descends from (or is adopted by)."""

    def __init__(self) -> None:
        self._root = os.getpid()

    def kill(self, call: Call) -> None:
        target, number = call.integer(0), call.integer(1)
        if target == 0:  # its own group, which nobody outside can join
            self._group(os.getpgid(call.thread), number)
        elif target > 0:
            self._one(target, number)
        elif target < -1:
            self._group(-target, number)
        else:
            raise PermissionError(errno.EPERM, "everybody")
        call.done()

    def tgkill(self, call: Call) -> None:
        self._thread(call, call.integer(0), call.integer(1), call.integer(2))

    def tkill(self, call: Call) -> None:
        thread = call.integer(0)
        self._thread(call, _process_of(thread), thread, call.integer(1))

    def _one(self, pid: int, number: int) -> None:
        handle = os.pidfd_open(pid)  # from here on the number may go to somebody else, not this
        try:
            if not self._is_below(pid):
                raise PermissionError(errno.EPERM, "not of this sandbox")
            signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)

    def _group(self, group: int, number: int) -> None:
        found = False
        for name in os.listdir("/proc"):  # noqa: PTH208
            try:
                if name.isdigit() and os.getpgid(int(name)) == group:
                    self._one(int(name), number)
                    found = True
            except OSError:
                continue
        if not found:
            raise ProcessLookupError(errno.ESRCH, "no such group in this sandbox")

    def _thread(self, call: Call, pid: int, thread: int, number: int) -> None:
        if not self._is_below(pid):
            raise PermissionError(errno.EPERM, "not of this sandbox")
        syscall("tgkill", ctypes.c_int(pid), ctypes.c_int(thread), ctypes.c_int(number))
        call.done()

    def _is_below(self, pid: int) -> bool:
        while pid > 1:
            pid = _parent_of(pid)
            if pid == self._root:
                return True
        return False


def _process_of(thread: int) -> int:
    with open(f"/proc/{thread}/status", "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(b"Tgid:"):
                return int(line.split()[1])
    raise ProcessLookupError(errno.ESRCH, "no such thread")


def _parent_of(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            text = file.read()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[1])
