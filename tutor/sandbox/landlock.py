"""Landlock: which files the calling process, and all it starts, may still touch.

Applies to the calling thread and is inherited, so call it in a single-threaded, freshly forked
child. The kernel's rights grow by ABI version (1 = Linux 5.13 … 7 = 6.15); what an old one does
not know is left to seccomp (see `seccomp.Situation`).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from tutor.sandbox.syscalls import PR_SET_NO_NEW_PRIVS, prctl, syscall

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK, TRUNCATE, IOCTL_DEV = 1 << 6, 1 << 11, 1 << 14, 1 << 15
_DIRECTORY_ONLY = READ_DIR | (
    ((1 << 14) - 1) & ~((1 << 4) - 1)
)  # read_dir, remove_*, make_*, refer
_HIGHEST_BIT = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_BIND, _TCP_CONNECT = 1, 2
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
_RULE_PATH = 1


def abi() -> int:
    """The Landlock version of this kernel, 0 where there is none."""
    try:
        return syscall("landlock_create_ruleset", None, ctypes.c_size_t(0), ctypes.c_uint(1))
    except OSError:
        return 0


def restrict(
    *,
    read: Iterable[str] = (),
    write: Iterable[str] = (),
    list_only: Iterable[str] = (),
    device_files: Iterable[str] = (),
    tcp: bool = False,
    at_most: int = 99,
) -> int:
    """Allow only these paths (folders with all that is below), for ever; paths that are not there
    are skipped. `tcp` leaves TCP alone (it is refused otherwise, from ABI 4 on). `at_most`
    behaves like an older kernel. Returns the version used.

    Raises:
        OSError: no Landlock here.
    """
    version = min(abi(), at_most)
    if version < 1:
        raise OSError(38, "Landlock is not available")
    known = (1 << _HIGHEST_BIT[min(version, 5)]) - 1
    ruleset = _ruleset(version, known, tcp)
    try:
        writable = known & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV)
        device = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
        for paths, rights in (
            (read, READ_FILE | READ_DIR | EXECUTE),
            (write, writable),
            (list_only, READ_DIR),
            (device_files, device | READ_DIR),
        ):
            for path in paths:
                _allow(ruleset, path, rights & known)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        syscall("landlock_restrict_self", ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)
    return version


def _ruleset(version: int, files: int, tcp: bool) -> int:
    network = _TCP_BIND | _TCP_CONNECT if version >= 4 and not tcp else 0
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= 6 else 0
    attributes = struct.pack("QQQ", files, network, scopes)
    size = 8 if version < 4 else 16 if version < 6 else 24
    return syscall(
        "landlock_create_ruleset",
        ctypes.c_char_p(attributes),
        ctypes.c_size_t(size),
        ctypes.c_uint(0),
    )


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= ~_DIRECTORY_ONLY
        if rights:
            syscall(
                "landlock_add_rule",
                ctypes.c_int(ruleset),
                ctypes.c_int(_RULE_PATH),
                ctypes.c_char_p(struct.pack("=Qi", rights, handle)),
                ctypes.c_uint(0),
            )
    finally:
        os.close(handle)
