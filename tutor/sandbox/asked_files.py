"""Modes and times of files, which Landlock does not mediate: allowed in the given folders alone."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Sequence

from tutor.sandbox.beneath import by_handle, inside, open_beneath
from tutor.sandbox.notify import Call
from tutor.sandbox.syscalls import libc

_HERE, _NO_FOLLOW, _EMPTY_PATH = -100, 0x100, 0x1000
_PERMISSIONS = 0o777
_TIMES = 32  # two struct timespec


class AskedFiles:
    """folders: real paths, absolute."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(folders)

    def chmod(self, call: Call) -> None:
        self._mode(call, _HERE, call.arguments[0], call.arguments[1], 0)

    def fchmodat(self, call: Call) -> None:
        self._mode(call, call.integer(0), call.arguments[1], call.arguments[2], 0)

    def fchmodat2(self, call: Call) -> None:
        self._mode(call, call.integer(0), call.arguments[1], call.arguments[2], call.integer(3))

    def fchmod(self, call: Call) -> None:
        descriptor = self._own(call, call.integer(0))
        try:
            os.fchmod(descriptor, call.arguments[1] & _PERMISSIONS)
        finally:
            os.close(descriptor)
        call.done()

    def utimensat(self, call: Call) -> None:
        directory, path, times, flags = call.integer(0), *call.arguments[1:3], call.integer(3)
        copied = call.memory(times, _TIMES) if times else None
        if path:
            follow = not flags & _NO_FOLLOW
            place = call.full_path(directory, call.path(path))
            handle = open_beneath(self._folders, place, follow=follow)
        else:
            handle = self._own(call, directory)
        try:
            name = ctypes.c_char_p(by_handle(handle).encode())
            if libc.utimensat(ctypes.c_int(_HERE), name, copied, ctypes.c_int(0)) < 0:
                raise OSError(ctypes.get_errno(), "utimensat")
        finally:
            os.close(handle)
        call.done()

    def _mode(self, call: Call, directory: int, path: int, mode: int, flags: int) -> None:
        if flags & ~_NO_FOLLOW:
            raise OSError(errno.EINVAL, "flags")
        follow = not flags & _NO_FOLLOW
        place = call.full_path(directory, call.path(path))
        handle = open_beneath(self._folders, place, follow=follow)
        try:
            os.chmod(by_handle(handle), mode & _PERMISSIONS)  # noqa: PTH101
        finally:
            os.close(handle)
        call.done()

    def _own(self, call: Call, descriptor: int) -> int:
        """A duplicate of it when its file lies in one of the folders, or nowhere any more."""
        borrowed = call.borrow(descriptor)
        path = os.readlink(by_handle(borrowed))  # noqa: PTH115
        if os.fstat(borrowed).st_nlink == 0 or any(inside(it, path) for it in self._folders):
            return borrowed
        os.close(borrowed)
        raise PermissionError(errno.EPERM, "outside of the folders that may be written")
