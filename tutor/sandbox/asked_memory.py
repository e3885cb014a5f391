"""/dev/shm for a sandbox that shares it with all programs: the objects it made itself, no others.

Landlock refuses the whole folder. The C library opens shared memory and semaphores in it, so
these calls are put to the supervisor, which keeps account of what belongs to the sandbox.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tutor.sandbox.beneath import by_handle, inside
from tutor.sandbox.notify import Call

FOLDER = "/dev/shm"
_HERE = -100
_KEPT = os.O_ACCMODE | os.O_TRUNC | os.O_APPEND
_OBJECTS = 4096


class AskedMemory:
    """bytes_limit: what all named objects together may hold; files without a name are counted by
    those who map them."""

    def __init__(self, bytes_limit: int = 2 << 30, folder: str = FOLDER) -> None:
        self._limit = bytes_limit
        self._folder = folder
        self._objects: dict[str, tuple[int, int]] = {}
        """Name → device and inode."""
        self._root = -1

    def openat(self, call: Call) -> None:
        name = self._name(call, call.integer(0), call.arguments[1])
        flags, mode = call.integer(2), call.arguments[3] & 0o700
        if not name:
            call.allow()
            return
        handle = self._open(name, flags, mode)
        try:
            call.hand_over(handle, inherited=not flags & os.O_CLOEXEC)
        finally:
            os.close(handle)

    def link(self, call: Call) -> None:
        self._link(call, (_HERE, call.arguments[0]), (_HERE, call.arguments[1]))

    def linkat(self, call: Call) -> None:
        old, new = (call.integer(0), call.arguments[1]), (call.integer(2), call.arguments[3])
        self._link(call, old, new)

    def unlink(self, call: Call) -> None:
        self._unlink(call, _HERE, call.arguments[0])

    def unlinkat(self, call: Call) -> None:
        self._unlink(call, call.integer(0), call.arguments[1])

    def clear(self) -> None:
        """Remove what the sandbox left behind."""
        for name in list(self._objects):
            with contextlib.suppress(OSError), self._own(name):
                os.unlink(name, dir_fd=self._directory)
        self._objects.clear()

    # -------------------------------------------------------------- inside

    def _open(self, name: str, flags: int, mode: int) -> int:
        how = flags & _KEPT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        if flags & os.O_CREAT:
            try:
                self._make_room()
                handle = os.open(name, how | os.O_CREAT | os.O_EXCL, mode, dir_fd=self._directory)
            except FileExistsError:
                if flags & os.O_EXCL:
                    raise
            else:
                self._note(name, handle)
                return handle
        with self._own(name) as found:
            return os.open(by_handle(found), how & ~os.O_NOFOLLOW)

    def _link(self, call: Call, old: tuple[int, int], new: tuple[int, int]) -> None:
        source, target = self._name(call, *old), self._name(call, *new)
        if not source or not target:
            call.allow()
            return
        with self._own(source) as found:
            os.link(by_handle(found), target, dst_dir_fd=self._directory, follow_symlinks=True)
            self._note(target, found)
        call.done()

    def _unlink(self, call: Call, directory: int, path: int) -> None:
        name = self._name(call, directory, path)
        if name not in self._objects:
            call.allow()
            return
        with self._own(name):
            os.unlink(name, dir_fd=self._directory)
        del self._objects[name]
        call.done()

    def _name(self, call: Call, directory: int, path: int) -> str:
        """Of the object in the folder; "" for a path that leads elsewhere."""
        try:
            text = call.path(path)
        except OSError:
            return ""  # the kernel will say what is wrong with it
        if not text.startswith("/"):
            return ""
        name = inside(self._folder, call.full_path(directory, text))
        return "" if "/" in name else name

    def _note(self, name: str, handle: int) -> None:
        status = os.fstat(handle)
        self._objects[name] = (status.st_dev, status.st_ino)

    @contextmanager
    def _own(self, name: str) -> Iterator[int]:
        """A handle of the object while it is the sandbox's. Raises PermissionError."""
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._directory)
        try:
            status = os.fstat(found)
            if self._objects.get(name) != (status.st_dev, status.st_ino):
                raise PermissionError(errno.EACCES, "another program's")
            yield found
        finally:
            os.close(found)

    def _make_room(self) -> None:
        used = 0
        for name, own in list(self._objects.items()):
            try:
                status = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
            except OSError:
                del self._objects[name]
                continue
            if (status.st_dev, status.st_ino) == own:
                used += status.st_blocks * 512
        if used > self._limit or len(self._objects) >= _OBJECTS:
            raise OSError(errno.ENOSPC, "the sandbox's shared memory is full")

    @property
    def _directory(self) -> int:
        if self._root < 0:
            self._root = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return self._root
