"""The system call filter, run step by step on both processors by a tiny interpreter."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tutor.sandbox.seccomp import Situation, compile_filter, rules
from tutor.sandbox.syscall_numbers import LAST_KNOWN, numbers

PID = 4242
ALLOWED, KILLED, ASKED = 0, -1, -2
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(code: bytes, machine: str, number: int, *arguments: int) -> int:
    """0 = allowed, an errno, -1 = killed, -2 = put to the supervisor: as the kernel would."""
    data = struct.pack("<iIQ6Q", number, ARCHITECTURE[machine], 0, *(*arguments, *[0] * 6)[:6])
    steps = list(struct.iter_unpack("<HBBI", code))
    position = value = 0
    while True:
        operation, if_true, if_false, operand = steps[position]
        position += 1
        if operation == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
        elif operation == 0x54:
            value &= operand
        elif operation == 0x06:
            if operand == 0x7FFF0000:
                return ALLOWED
            if operand == 0x7FC00000:
                return ASKED
            return KILLED if operand == 0x80000000 else operand & 0xFFFF
        else:
            holds = {
                0x15: value == operand,
                0x35: value >= operand,
                0x45: bool(value & operand),
            }[operation]
            position += if_true if holds else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def ask(request: pytest.FixtureRequest) -> Callable[..., int]:
    """ask(situation, call, *arguments) → verdict, on each processor."""

    def ask(situation: Situation, call: str, *arguments: int) -> int:
        code = compile_filter(rules(situation, PID), request.param)
        return verdict(code, request.param, numbers(request.param)[call], *arguments)

    return ask


SEALED = Situation(namespaces=True, landlock=7)
OPEN = Situation(namespaces=False, landlock=7)
OLD = Situation(namespaces=False, landlock=2)
WATCHED = Situation(namespaces=False, landlock=7, supervised=True)
OLD_WATCHED = Situation(namespaces=False, landlock=2, supervised=True)
EVERYWHERE = (SEALED, OPEN, OLD, WATCHED, OLD_WATCHED)
UNIX, INET, NETLINK, PACKET, VSOCK = 1, 2, 16, 17, 40
STREAM, DATAGRAM, RAW = 1, 2, 3


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_never_allowed(ask: Any, situation: Situation) -> None:
    for call in ("ptrace", "bpf", "io_uring_setup", "unshare", "mount", "umount2", "keyctl"):
        assert ask(situation, call) == errno.EPERM
    assert ask(situation, "clone3") == errno.ENOSYS
    assert ask(situation, "clone", 0x10000000 | 17) == errno.EPERM
    assert ask(situation, "clone", 17) == ALLOWED
    assert ask(situation, "clone", 0x3D0F00) == ALLOWED  # a thread
    assert ask(situation, "ioctl", 1, 0x5412) == errno.EPERM
    assert ask(situation, "ioctl", 1, (1 << 32) | 0x5412) == errno.EPERM
    assert ask(situation, "ioctl", 1, 0x5413) == ALLOWED
    assert ask(situation, "sendto", 3, 0, 1, 0x20000000) == errno.EPERM
    assert ask(situation, "sendto", 3, 0, 1, 0x4000) == ALLOWED


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_limits_of_others_are_out_of_reach(ask: Any, situation: Situation) -> None:
    for pid, expected in ((0, ALLOWED), (PID, ALLOWED), (1, errno.EPERM)):
        assert ask(situation, "prlimit64", pid, 0) == expected
        assert ask(situation, "setpriority", 0, pid) == expected
        if not situation.namespaces:
            assert ask(situation, "sched_setaffinity", pid) == expected
    assert ask(situation, "setpriority", 2, 0) == errno.EPERM  # all processes of the user
    assert ask(situation, "ioprio_set", 3, 0) == errno.EPERM


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_without_network_only_unix_sockets_are_left(ask: Any, situation: Situation) -> None:
    assert ask(situation, "socket", UNIX, STREAM) == ALLOWED
    assert ask(situation, "socket", UNIX, STREAM | 0x80000) == ALLOWED
    for family in (INET, 10, NETLINK, PACKET, VSOCK):
        assert ask(situation, "socket", family, STREAM) == errno.EACCES
    assert ask(situation, "socketpair", UNIX, STREAM) == ALLOWED


def test_paths_of_sockets_are_closed_where_paths_are_shared(ask: Any) -> None:
    assert ask(SEALED, "connect") == ALLOWED
    for situation in (OPEN, OLD, WATCHED):
        assert ask(situation, "connect") == (ASKED if situation.supervised else errno.EACCES)
        assert ask(situation, "socket", UNIX, DATAGRAM) == errno.EACCES
        assert ask(situation, "socketpair", UNIX, DATAGRAM | 0x80000) == errno.EACCES


def test_loopback(ask: Any) -> None:
    sealed = Situation("loopback", namespaces=True, landlock=7)
    shared = Situation("loopback", namespaces=False, landlock=7)
    watched = Situation("loopback", namespaces=False, landlock=7, supervised=True)
    for situation in (sealed, shared, watched):
        assert ask(situation, "socket", INET, STREAM | 0x80800) == ALLOWED
        assert ask(situation, "socket", INET, RAW) == errno.EACCES
        assert ask(situation, "socket", NETLINK, RAW, 0) == ALLOWED
        assert ask(situation, "socket", NETLINK, RAW, 15) == errno.EACCES
        assert ask(situation, "socket", VSOCK, STREAM) == errno.EACCES
        assert ask(situation, "socket", UNIX, STREAM) == ALLOWED
    assert ask(sealed, "socket", INET, DATAGRAM) == ALLOWED
    for call in ("connect", "bind", "listen"):
        assert ask(sealed, call) == ALLOWED
        assert ask(watched, call) == ASKED
        assert ask(shared, call) == errno.EACCES
    for situation in (shared, watched):
        assert ask(situation, "socket", INET, DATAGRAM) == errno.EACCES
        for multipath, sctp in ((262, 132),):
            assert ask(situation, "socket", INET, STREAM, multipath) == errno.EACCES
            assert ask(situation, "socket", INET, STREAM, sctp) == errno.EACCES


def test_old_kernels_need_more(ask: Any) -> None:
    """Landlock 6 brought the scope of signals, Landlock 3 truncation."""
    assert ask(OPEN, "kill", 1, 9) == ALLOWED
    assert ask(OLD, "kill", 1, 9) == errno.EPERM
    assert ask(OLD, "kill", PID, 9) == ALLOWED
    assert ask(OLD, "fcntl", 3, 8) == errno.EPERM
    read, write, truncate = 0, 1, 0x200
    assert ask(OPEN, "openat", 0, 0, read | truncate) == ALLOWED
    assert ask(OLD, "openat", 0, 0, read | truncate) == errno.EPERM
    assert ask(OLD, "openat", 0, 0, read) == ALLOWED
    assert ask(OLD, "openat", 0, 0, write | truncate) == ALLOWED  # Landlock asks for write
    assert ask(OLD, "truncate") == errno.EPERM
    excl = os.O_EXCL
    assert ask(OLD_WATCHED, "openat", 0, 0, read | truncate | excl) == errno.EPERM
    assert ask(Situation(namespaces=True, landlock=2), "kill", 1, 9) == errno.EPERM


def test_a_supervisor_is_asked_what_a_filter_cannot_see(ask: Any) -> None:
    for call in ("chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat", "connect", "bind"):
        if call in numbers("aarch64"):
            assert ask(WATCHED, call) == ASKED
            assert ask(SEALED, call) == ALLOWED
    for call in ("chown", "fchownat", "setxattr", "utime"):
        if call in numbers("aarch64"):
            assert ask(WATCHED, call) == errno.EPERM
    assert ask(WATCHED, "openat", 0, 0, os.O_CREAT | os.O_EXCL) == ASKED
    assert ask(WATCHED, "openat", 0, 0, os.O_CREAT | os.O_WRONLY) == ALLOWED
    assert ask(WATCHED, "kill", 1, 9) == ALLOWED  # Landlock judges
    assert ask(OLD_WATCHED, "kill", 1, 9) == ASKED
    assert ask(OLD_WATCHED, "kill", PID, 9) == ALLOWED
    assert ask(OPEN, "utimensat") == errno.EPERM
    reading = Situation(namespaces=True, landlock=7, writes=False)
    assert ask(reading, "fchmodat") == ask(reading, "utimensat") == errno.EPERM


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_open_files_of_others_are_not_changed_by_their_descriptor(
    ask: Any, situation: Situation
) -> None:
    assert ask(situation, "fcntl", 3, 1024, 0) == errno.EPERM  # a lease holds up who writes
    assert ask(situation, "fcntl", 3, 4) == ALLOWED
    assert ask(situation, "ioctl", 3, 0x40086602) == errno.EPERM
    assert ask(situation, "memfd_create") == errno.ENOSYS


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_no_file_may_lend_its_owners_rights(ask: Any, situation: Situation) -> None:
    for mode in (0o4755, 0o2755):
        assert ask(situation, "fchmodat", 0, 0, mode) == errno.EPERM
        assert ask(situation, "fchmod", 3, mode) == errno.EPERM
        assert ask(situation, "openat", 0, 0, os.O_CREAT | os.O_WRONLY, mode) == errno.EPERM
        assert ask(situation, "mknodat", 0, 0, 0o100000 | mode) == errno.EPERM
        assert ask(situation, "openat", 0, 0, os.O_WRONLY, mode) == ALLOWED  # no mode, then
    assert ask(situation, "openat2") == errno.ENOSYS


def test_calls_that_came_later_are_not_there() -> None:
    for machine in ("x86_64", "aarch64"):
        code = compile_filter(rules(SEALED, PID), machine)
        assert verdict(code, machine, LAST_KNOWN) == ALLOWED
        assert verdict(code, machine, LAST_KNOWN + 1) == errno.ENOSYS


def test_foreign_calls_are_stopped() -> None:
    code = compile_filter(rules(SEALED, PID), "x86_64")
    assert verdict(code, "aarch64", 0) == KILLED
    assert verdict(code, "x86_64", 0x40000000 + 101) == errno.ENOSYS


def test_what_python_needs_every_moment_is_allowed(ask: Any) -> None:
    for call in ("openat", "fcntl", "sched_setaffinity", "kill"):
        assert ask(SEALED, call, 3, 1) == ALLOWED
