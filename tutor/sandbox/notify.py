"""System calls that wait for a decision: hearing of them, looking at their arguments, answering.

The caller is stopped meanwhile, its other threads are not. So what its memory says is copied once
and decided upon the copy, and whatever is allowed is done here on a duplicate of its descriptor:
nothing can be exchanged between the look and the deed.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tutor.sandbox.syscalls import syscall

_RECEIVE, _ANSWER, _STILL_VALID, _ADD = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_CONTINUE, _ADD_AND_ANSWER = 1, 2
_CALL = struct.Struct("=QIIiIQ6Q")
_HERE = -100  # AT_FDCWD
PATH_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Call:
    """One waiting call. `listener`: where it came from and is answered. `thread`: the caller's id
    as seen from here. `arguments`: six unsigned numbers."""

    listener: int
    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]

    def integer(self, index: int) -> int:
        """Argument `index` as a C int."""
        return ctypes.c_int(self.arguments[index] & 0xFFFFFFFF).value

    def memory(self, address: int, count: int) -> bytes:
        """A copy of at most `count` bytes. Raises OSError."""
        handle = os.open(f"/proc/{self.thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(handle, count, address)
        finally:
            os.close(handle)
        self.confirm()
        return data

    def path(self, address: int) -> str:
        """A copy of the text at `address`. Raises OSError."""
        data = b""
        while b"\0" not in data and len(data) < PATH_LIMIT:
            start = address + len(data)
            data += self.memory(start, 4096 - start % 4096)  # the next page may not be there
        text, end, _ = data.partition(b"\0")
        if not end:
            raise OSError(errno.ENAMETOOLONG, "path")
        return os.fsdecode(text)

    def full_path(self, directory: int, text: str) -> str:
        """`text` made absolute by the caller's descriptor `directory` or its working folder, with
        ".." removed by the letter; links are for whoever opens it."""
        if not text.startswith("/"):
            place = "cwd" if directory == _HERE else f"fd/{directory}"
            base = os.readlink(f"/proc/{self.thread}/{place}")  # noqa: PTH115
            self.confirm()
            text = os.path.join(base, text)  # noqa: PTH118
        return os.path.normpath(text)

    def borrow(self, descriptor: int) -> int:
        """A duplicate of the caller's descriptor, to be closed. Raises OSError."""
        handle = os.pidfd_open(self._process())
        try:
            self.confirm()
            return syscall(
                "pidfd_getfd", ctypes.c_int(handle), ctypes.c_int(descriptor), ctypes.c_uint(0)
            )
        finally:
            os.close(handle)

    def confirm(self) -> None:
        """Raises OSError when the caller is gone: then its id may be somebody else's by now."""
        fcntl.ioctl(self.listener, _STILL_VALID, struct.pack("=Q", self.id))

    # -------------------------------------------------------------- answers

    def allow(self) -> None:
        """Let the kernel do the call as it stands then: for what is harmless whatever memory says,
        because other rules judge it, too."""
        self._answer(0, 0, _CONTINUE)

    def refuse(self, error: int) -> None:
        self._answer(0, -error, 0)

    def done(self, value: int = 0) -> None:
        """It was done here, with this result."""
        self._answer(value, 0, 0)

    def hand_over(self, descriptor: int, *, inherited: bool = False) -> None:
        """Put a duplicate of `descriptor` into the caller, as the result of its call."""
        flags = 0 if inherited else os.O_CLOEXEC
        order = struct.pack("=QIIII", self.id, _ADD_AND_ANSWER, descriptor, 0, flags)
        fcntl.ioctl(self.listener, _ADD, order)

    def _answer(self, value: int, error: int, flags: int) -> None:
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            fcntl.ioctl(self.listener, _ANSWER, struct.pack("=QqiI", self.id, value, error, flags))

    def _process(self) -> int:
        with open(f"/proc/{self.thread}/status", "rb") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(b"Tgid:"):
                    return int(line.split()[1])
        raise OSError(errno.ESRCH, "no such process")


def receive(listener: int) -> Call | None:
    """Wait for the next call; None when that one's caller ended meanwhile.

    Raises:
        OSError: nobody is left who could call.
    """
    buffer = bytearray(_CALL.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    identity, thread, _, number, _, _, *arguments = _CALL.unpack(buffer)
    return Call(listener, identity, thread, number, tuple(arguments))


def decide(call: Call, decision: Callable[[Call], None]) -> None:
    """`decision` answers `call`; whatever it raises is the refusal."""
    try:
        decision(call)
    except OSError as error:
        call.refuse(error.errno or errno.EPERM)
    except Exception:
        call.refuse(errno.EPERM)
