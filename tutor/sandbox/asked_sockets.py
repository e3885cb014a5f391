"""Connect, bind and listen for a sandbox that shares this computer's network: loopback ports and
unix sockets of the sandbox itself, nothing else."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import threading
from collections.abc import Sequence

from tutor.sandbox.addresses import (
    INET,
    INET6,
    Address,
    is_internet,
    loopback,
    path_address,
    to_bind,
    to_connect,
)
from tutor.sandbox.beneath import by_handle, open_beneath
from tutor.sandbox.confined_bind import bind_inside
from tutor.sandbox.ledger import Ledger
from tutor.sandbox.notify import Call, decide
from tutor.sandbox.syscalls import libc

_LONGEST = 128  # sizeof(struct sockaddr_storage)
_HERE = -100
_SHOWN = re.compile(rb"\S+ \S+ \S+ \S+ \S+ \S+ +(\d+) (.*)\n", re.DOTALL)
_WAITING = 64
"""Connections that may wait at once; each of them needs a thread here."""


class AskedSockets:
    """folders: where unix sockets may lie. tcp: whether the internet family is open at all.
    internet: connections lead anywhere, not to our own ports alone."""

    def __init__(
        self, folders: Sequence[str], *, tcp: bool, ledger: Ledger, internet: bool = False
    ) -> None:
        self._folders = tuple(folders)
        self._tcp = tcp
        self._internet = internet
        self._ledger = ledger
        self._names: dict[bytes, int] = {}
        """Abstract name → inode of the socket that was bound to it."""
        self._waiting = threading.Semaphore(_WAITING)

    def connect(self, call: Call) -> None:
        """On a thread of its own: a full queue at the other end can hold it up for ever."""
        if not self._waiting.acquire(blocking=False):
            call.refuse(errno.EAGAIN)
            return

        def wait() -> None:
            try:
                decide(call, self._connect)
            finally:
                self._waiting.release()

        threading.Thread(target=wait, daemon=True).start()

    def bind(self, call: Call) -> None:
        address = to_bind(_raw_address(call))
        descriptor = call.borrow(call.integer(0))
        try:
            self._bind(call, descriptor, address)
        finally:
            os.close(descriptor)
        call.done()

    def listen(self, call: Call) -> None:
        """The kernel would let a socket without an address listen on every interface."""
        descriptor = call.borrow(call.integer(0))
        try:
            family = _option(descriptor, socket.SO_DOMAIN)
            if family in (INET, INET6) and _port(descriptor, family) == 0:
                _do("bind", descriptor, loopback(family))
                self._note(descriptor, family)
            result = libc.listen(ctypes.c_int(descriptor), ctypes.c_int(call.integer(1)))
            if result < 0:
                raise OSError(ctypes.get_errno(), "listen")
        finally:
            os.close(descriptor)
        call.done()

    # -------------------------------------------------------------- decisions

    def _connect(self, call: Call) -> None:
        raw = _raw_address(call)
        address = to_connect(raw)
        descriptor = call.borrow(call.integer(0))
        try:
            match address.kind:
                case "inet" | "else" if self._internet and is_internet(raw):
                    _do("connect", descriptor, raw)
                case "none" | "netlink":
                    _do("connect", descriptor, address.raw)
                case "path":
                    handle = open_beneath(self._folders, call.full_path(_HERE, address.path))
                    try:
                        _do("connect", descriptor, path_address(by_handle(handle)))
                    finally:
                        os.close(handle)
                case "abstract" if self._is_ours(address.name):
                    _do("connect", descriptor, address.raw)
                case "inet" if self._tcp and self._ledger.owns(address.port):
                    _do("connect", descriptor, address.raw)
                case "inet" if self._tcp:
                    raise ConnectionRefusedError(errno.ECONNREFUSED, "a foreign port")
                case "abstract":
                    raise ConnectionRefusedError(errno.ECONNREFUSED, "a foreign name")
                case _:
                    raise PermissionError(errno.EACCES, "no such address for the sandbox")
        finally:
            os.close(descriptor)
        call.done()

    def _bind(self, call: Call, descriptor: int, address: Address) -> None:
        match address.kind:
            case "netlink" | "unnamed":
                _do("bind", descriptor, address.raw)
            case "path" | "abstract" if not _printable(address):
                raise PermissionError(errno.EACCES, "no such name for the sandbox")
            case "path":
                folder = os.open(f"/proc/{call.thread}/cwd", os.O_PATH | os.O_CLOEXEC)
                try:
                    call.confirm()
                    bind_inside(self._folders, descriptor, address.raw, folder)
                finally:
                    os.close(folder)
            case "abstract":
                _do("bind", descriptor, address.raw)
                self._names[address.name] = os.fstat(descriptor).st_ino
            case "inet" if self._tcp:
                if not self._ledger.free(address.port):
                    raise OSError(errno.EADDRINUSE, "another program listens there")
                _do("bind", descriptor, address.raw)
                self._note(descriptor, _option(descriptor, socket.SO_DOMAIN))
            case _:
                raise PermissionError(errno.EACCES, "no such address for the sandbox")

    def _note(self, descriptor: int, family: int) -> None:
        self._ledger.note(_port(descriptor, family), os.fstat(descriptor).st_ino)

    def _is_ours(self, name: bytes) -> bool:
        """The name still belongs to the very socket that was bound here."""
        inode = self._names.get(name)
        if inode is None:
            return False
        shown = b"@" + name.replace(b"\0", b"@")
        with open("/proc/net/unix", "rb") as file:  # noqa: PTH123
            found = (_SHOWN.match(line) for line in file)
            return any(it and it.groups() == (b"%d" % inode, shown) for it in found)


def _raw_address(call: Call) -> bytes:
    length = call.arguments[2] & 0xFFFFFFFF
    if length > _LONGEST:
        raise OSError(errno.EINVAL, "address")
    return call.memory(call.arguments[1], length) if length else b""


def _printable(address: Address) -> bool:
    """Others could not be told apart in the kernel's list of names."""
    return min(address.name or os.fsencode(address.path) or b" ") >= 32


def _do(name: str, descriptor: int, raw: bytes) -> None:
    function = getattr(libc, name)
    if function(ctypes.c_int(descriptor), ctypes.c_char_p(raw), ctypes.c_uint(len(raw))) < 0:
        raise OSError(ctypes.get_errno(), name)


def _option(descriptor: int, option: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as it:
        return it.getsockopt(socket.SOL_SOCKET, option)


def _port(descriptor: int, family: int) -> int:
    if family not in (INET, INET6):
        return 0
    with socket.socket(fileno=os.dup(descriptor)) as it:
        return it.getsockname()[1]
