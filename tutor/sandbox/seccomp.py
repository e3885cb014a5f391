"""Seccomp: which system calls are refused to the calling process and all it starts.

A deny list for what neither Landlock nor namespaces cover. Refused calls fail with an error
that programs know how to handle; nothing is killed, except calls of a foreign architecture.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from typing import Literal

from tutor.sandbox.syscall_numbers import MACHINE, numbers
from tutor.sandbox.syscalls import PR_SET_NO_NEW_PRIVS, prctl, syscall

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_X32_CALLS = 0x40000000

_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _DATAGRAM, _RAW, _SEQPACKET, _TYPE_MASK = 1, 2, 3, 5, 0xF
_NEW_NAMESPACES = 0x7E020000
_FAST_OPEN = 0x20000000
# TIOCSTI TIOCLINUX TIOCSCTTY TIOCCONS TIOCSETD FIOSETOWN SIOCSPGRP
_TERMINAL_IOCTLS = (0x5412, 0x541C, 0x540E, 0x541D, 0x5423, 0x8901, 0x8902)
_SIGNAL_OWNER = (8, 10, 15, 1026)  # F_SETOWN F_SETSIG F_SETOWN_EX F_NOTIFY

_ALWAYS = """
ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease
perf_event_open bpf userfaultfd io_uring_setup io_uring_enter io_uring_register
add_key request_key keyctl unshare setns mount umount2 pivot_root chroot open_tree move_mount
fsopen fsconfig fsmount fspick mount_setattr open_tree_attr name_to_handle_at open_by_handle_at
fanotify_init inotify_add_watch init_module finit_module delete_module kexec_load kexec_file_load
reboot swapon swapoff syslog acct quotactl quotactl_fd settimeofday clock_settime adjtimex
clock_adjtime sethostname setdomainname iopl ioperm modify_ldt vhangup shmget semget msgget mq_open
memfd_secret migrate_pages
"""
_METADATA = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr fsetxattr
setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr
"""


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds the process, because it decides what the filter must refuse.

    network: "none" leaves no sockets but unix ones; "loopback" allows TCP besides.
    namespaces: mounts, processes and network are private, so paths, pids and ports are harmless.
    landlock: its version, 0 = none.
    """

    network: Literal["none", "loopback"] = "none"
    namespaces: bool = False
    landlock: int = 0


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on the low 32 bits of an argument; `mask` is applied first."""

    argument: int
    kind: Literal["in", "not in", "any bit"]
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse `call` with `error` when all `tests` hold (no test: always)."""

    call: str
    tests: tuple[Test, ...] = ()
    error: int = errno.EPERM


def install(situation: Situation) -> None:
    """Filter the calling thread and its descendants, for ever.

    Raises:
        OSError: no seccomp here, or a processor without a table.
    """
    if MACHINE not in _ARCHITECTURES:
        raise OSError(38, f"no system call table for {MACHINE}")
    code = compile_filter(rules(situation, os.getpid()))
    program = _Program(len(code) // 8, code)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    syscall("seccomp", ctypes.c_uint(1), ctypes.c_uint(0), ctypes.byref(program))


def rules(situation: Situation, pid: int) -> list[Deny]:
    """Everything that is refused in `situation` to the process `pid`."""
    private = situation.namespaces
    denied = [Deny(call) for call in _ALWAYS.split()]
    denied += [
        Deny("clone3", error=errno.ENOSYS),  # the C library falls back to clone
        Deny("clone", (Test(0, "any bit", (_NEW_NAMESPACES,)),)),
        Deny("ioctl", (Test(1, "in", _TERMINAL_IOCTLS),)),
    ]
    own = (0, pid)
    for call, argument in (
        ("prlimit64", 0),
        ("sched_setparam", 0),
        ("sched_setscheduler", 0),
        ("sched_setattr", 0),
        ("move_pages", 0),
        ("setpriority", 1),
        ("ioprio_set", 1),
    ):
        denied.append(Deny(call, (Test(argument, "not in", own),)))
    for call, argument in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        denied.append(Deny(call, (Test(argument, "any bit", (_FAST_OPEN,)),)))
    if not private:
        denied.append(Deny("sched_setaffinity", (Test(0, "not in", own),)))
        denied += [Deny(call) for call in _METADATA.split()]  # Landlock does not mediate these
        if situation.landlock < 6:
            denied += _signals(pid)
        if situation.landlock < 3:
            denied += _truncation()
    return denied + _sockets(situation)


def _signals(pid: int) -> list[Deny]:
    """Without a signal scope only the process itself may be signalled."""
    denied = [
        Deny(call, (Test(0, "not in", (pid,)),)) for call in ("kill", "tgkill", "rt_tgsigqueueinfo")
    ]
    denied += [Deny(call) for call in ("tkill", "rt_sigqueueinfo", "pidfd_send_signal")]
    return [*denied, Deny("fcntl", (Test(1, "in", _SIGNAL_OWNER),))]


def _truncation() -> list[Deny]:
    """Landlock mediates opening for writing, but truncation only from version 3 on."""
    truncating = 0x200
    denied = [Deny("truncate"), Deny("openat2", error=errno.ENOSYS)]
    for call, argument in (("open", 1), ("openat", 2)):
        flag = Test(argument, "any bit", (truncating,))
        read_only = Test(argument, "in", (0,), mask=3)
        denied.append(Deny(call, (flag, read_only)))
    return denied


def _sockets(situation: Situation) -> list[Deny]:
    loopback = situation.network == "loopback"
    families = (_UNIX,)
    denied = [Deny("socketpair", (Test(0, "not in", families),), errno.EACCES)]
    if loopback:
        # Without a mount namespace a unix socket could reach the session bus: none then.
        families = (_UNIX,) if situation.namespaces else ()
        families = (*families, _INET, _INET6, _NETLINK)
        route_only = (Test(0, "in", (_NETLINK,)), Test(2, "not in", (0,)))
        denied.append(Deny("socket", route_only, errno.EACCES))
        datagrams = () if situation.namespaces else (_DATAGRAM,)
        kinds = Test(1, "in", (*datagrams, _RAW), mask=_TYPE_MASK)
        denied.append(Deny("socket", (Test(0, "in", (_INET, _INET6)), kinds), errno.EACCES))
    elif not situation.namespaces:
        # A path could name the session bus, through which code would run outside; a datagram
        # carries its address without connect.
        denied.append(Deny("connect", error=errno.EACCES))
        kinds = Test(1, "in", (_DATAGRAM, _RAW), mask=_TYPE_MASK)
        denied.append(Deny("socket", (kinds,), errno.EACCES))
    denied.append(Deny("socket", (Test(0, "not in", families),), errno.EACCES))
    return denied


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand."""


def compile_filter(denied: list[Deny], machine: str = MACHINE) -> bytes:
    """Classic BPF for `denied`, 8 bytes an instruction; calls that `machine` lacks are left out."""
    table = numbers(machine)
    code: list[Instruction] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, _X32_CALLS), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    by_call: dict[str, list[Deny]] = {}
    for rule in denied:
        if rule.call in table:
            by_call.setdefault(rule.call, []).append(rule)
    for call, its_rules in by_call.items():
        body = [step for rule in its_rules for step in _rule(rule)]
        code += [(_EQUAL, 0, len(body) + 1, table[call]), *body, (_RETURN, 0, 0, _ALLOW)]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def _rule(rule: Deny) -> list[Instruction]:
    """Falls through to what follows when a test fails."""
    code: list[Instruction] = [(_RETURN, 0, 0, _ERROR | rule.error)]
    for test in reversed(rule.tests):
        code = [*_test(test, past=len(code)), *code]
    return code


def _test(test: Test, past: int) -> list[Instruction]:
    """Continues when the test holds, jumps over the next `past` instructions when it fails."""
    code: list[Instruction] = [(_LOAD, 0, 0, 16 + 8 * test.argument)]
    if test.mask != 0xFFFFFFFF:
        code.append((_AND, 0, 0, test.mask))
    jump = _ANY_BIT if test.kind == "any bit" else _EQUAL
    count = len(test.values)
    for position, value in enumerate(test.values):
        left = count - 1 - position
        if test.kind == "not in":
            code.append((jump, left + past, 0, value))
        elif left:
            code.append((jump, left, 0, value))
        else:
            code.append((jump, 0, past, value))
    return code
