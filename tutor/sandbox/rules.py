"""Which system calls are refused, and which are put to the supervisor, by what surrounds a process.

A deny list for what neither Landlock nor namespaces cover. Refused calls fail with an error
that programs know how to handle.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Literal

ASK = -1
"""In place of an error: the supervisor decides, see `supervisor`."""

_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_DATAGRAM, _RAW, _TYPE_MASK = 2, 3, 0xF
_PLAIN_PROTOCOLS = (0, 6)  # TCP; multipath TCP and SCTP reach other addresses by themselves
_UDP = (17,)
_NEW_NAMESPACES = 0x7E020000
_FAST_OPEN = 0x20000000
# TIOCSTI TIOCLINUX TIOCSCTTY TIOCCONS TIOCSETD FIOSETOWN SIOCSPGRP
_TERMINAL_IOCTLS = (0x5412, 0x541C, 0x540E, 0x541D, 0x5423, 0x8901, 0x8902)
# FS_IOC_SETFLAGS FS_IOC_FSSETXATTR FS_IOC_SETVERSION FS_IOC_ENABLE_VERITY
# FS_IOC_SET_ENCRYPTION_POLICY, which change files that are open for reading alone
_FILE_IOCTLS = (0x40086602, 0x40046602, 0x401C5820, 0x40087602, 0x40806685, 0x800C6613)
_LEASES = (1024, 1026)  # F_SETLEASE F_NOTIFY: they hold up or watch whoever opens the file next
_SETUID = (0o6000,)
_SIGNAL_OWNER = (8, 10, 15)  # F_SETOWN F_SETSIG F_SETOWN_EX
_OF_A_USER = {"setpriority": 2, "ioprio_set": 3}
"""Value of the first argument with which a call reaches every process of the user."""

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
_MODES = "chmod fchmod fchmodat fchmodat2 utimensat"
_METADATA = """
chown fchown lchown fchownat setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr
fremovexattr removexattrat file_setattr utime utimes futimesat
"""
_NAMES = "link linkat unlink unlinkat"


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds the process, because it decides what the filter must refuse.

    network: "none" leaves no sockets but unix ones; "loopback" allows TCP besides; "internet"
    also other computers, with TCP and UDP.
    namespaces: mounts, processes and network are private, so paths, pids and ports are harmless.
    landlock: its version, 0 = none. supervised: a supervisor answers `ASK`. writes: there are
    folders that it may write, so modes and times of files there are its own affair.
    """

    network: Literal["none", "loopback", "internet"] = "none"
    namespaces: bool = False
    landlock: int = 0
    supervised: bool = False
    writes: bool = True

    @property
    def needs_supervisor(self) -> bool:
        """Whether there is anything that a supervisor could allow and a filter alone cannot."""
        return not self.namespaces or self.landlock < 6


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on the low 32 bits of an argument; `mask` is applied first."""

    argument: int
    kind: Literal["in", "not in", "any bit"]
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse `call` with `error` (or `ASK`) when all `tests` hold (no test: always)."""

    call: str
    tests: tuple[Test, ...] = ()
    error: int = errno.EPERM


def rules(situation: Situation, pid: int) -> list[Deny]:
    """Everything that is not simply allowed in `situation` to the process `pid`. Of several rules
    for one call the first that holds counts."""
    denied = [Deny(call) for call in _ALWAYS.split()]
    denied += [
        Deny("clone3", error=errno.ENOSYS),  # the C library falls back to clone
        # Memory that counts nowhere until it is mapped; programs fall back to temporary files.
        Deny("memfd_create", error=errno.ENOSYS),
        Deny("clone", (Test(0, "any bit", (_NEW_NAMESPACES,)),)),
        Deny("ioctl", (Test(1, "in", (*_TERMINAL_IOCTLS, *_FILE_IOCTLS)),)),
        Deny("fcntl", (Test(1, "in", _LEASES),)),
    ]
    denied += _setuid_files() + _of_other_processes(pid)
    for call, argument in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        denied.append(Deny(call, (Test(argument, "any bit", (_FAST_OPEN,)),)))
    if situation.landlock < 6:
        denied += _signals(situation, pid)
    if not situation.namespaces or not situation.writes:
        denied += _metadata(situation)
    if not situation.namespaces:
        denied.append(Deny("sched_setaffinity", (Test(0, "not in", (0, pid)),)))
        if situation.landlock < 3:
            denied += _truncation()
        if situation.supervised:
            denied += _shared_memory()
    private = situation.namespaces
    if situation.network == "internet":  # names without a file belong to the network, too
        private = private and situation.landlock >= 6
    sockets = _private_sockets if private else _shared_sockets
    return denied + sockets(situation)


def _setuid_files() -> list[Deny]:
    """A program in scratch that gives its owner's rights to others would outlive the sandbox."""
    denied: list[Deny] = []
    for call, mode in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2)):
        denied.append(Deny(call, (Test(mode, "any bit", _SETUID),)))
    for call, mode in (("creat", 1), ("mknod", 1), ("mknodat", 2)):
        denied.append(Deny(call, (Test(mode, "any bit", _SETUID),)))
    creating = (os.O_CREAT,)
    for call, flags in (("open", 1), ("openat", 2)):
        tests = (Test(flags, "any bit", creating), Test(flags + 1, "any bit", _SETUID))
        denied.append(Deny(call, tests))
    return [*denied, Deny("openat2", error=errno.ENOSYS)]  # its arguments lie in memory


def _of_other_processes(pid: int) -> list[Deny]:
    own = (0, pid)
    denied = [Deny(call, (Test(0, "in", (whom,)),)) for call, whom in _OF_A_USER.items()]
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
    return denied


def _signals(situation: Situation, pid: int) -> list[Deny]:
    """Without a signal scope only the process itself may be signalled, or what descends from the
    same worker where somebody can tell."""
    error = ASK if situation.supervised else errno.EPERM
    denied = [Deny(call, (Test(0, "not in", (pid,)),), error) for call in ("kill", "tgkill")]
    denied += [Deny("tkill", error=error)]
    denied += [Deny("rt_tgsigqueueinfo", (Test(0, "not in", (pid,)),))]
    denied += [Deny(call) for call in ("rt_sigqueueinfo", "pidfd_send_signal")]
    return [*denied, Deny("fcntl", (Test(1, "in", _SIGNAL_OWNER),))]


def _metadata(situation: Situation) -> list[Deny]:
    """Landlock does not mediate modes, times and owners."""
    error = ASK if situation.supervised else errno.EPERM
    return [Deny(call) for call in _METADATA.split()] + [
        Deny(call, error=error) for call in _MODES.split()
    ]


def _shared_memory() -> list[Deny]:
    """What the C library opens in /dev/shm, which Landlock refuses, has one of these flags."""
    flags = Test(2, "any bit", (os.O_NOFOLLOW | os.O_EXCL,))
    return [Deny("openat", (flags,), ASK), *(Deny(call, error=ASK) for call in _NAMES.split())]


def _truncation() -> list[Deny]:
    """Landlock mediates opening for writing, but truncation only from version 3 on."""
    truncating = 0x200
    denied = [Deny("truncate")]
    for call, argument in (("open", 1), ("openat", 2)):
        flag = Test(argument, "any bit", (truncating,))
        read_only = Test(argument, "in", (0,), mask=3)
        denied.append(Deny(call, (flag, read_only)))
    return denied


def _private_sockets(situation: Situation) -> list[Deny]:
    """Ports and names are the sandbox's own."""
    families = (_UNIX,)
    denied = [Deny("socketpair", (Test(0, "not in", families),), errno.EACCES)]
    if situation.network != "none":
        families = (_UNIX, _INET, _INET6, _NETLINK)
        denied += _netlink_and_raw((_RAW,))
    return [*denied, Deny("socket", (Test(0, "not in", families),), errno.EACCES)]


def _shared_sockets(situation: Situation) -> list[Deny]:
    """A path could name the session bus, through which code would run outside, and a port any
    program of this computer: the supervisor looks at each address, or none is reached at all. A
    datagram carries its address without connect."""
    kinds = Test(1, "in", (_DATAGRAM, _RAW), mask=_TYPE_MASK)
    local = Test(0, "in", (_UNIX,))
    families = (_UNIX,)
    denied = [
        Deny("socketpair", (Test(0, "not in", families),), errno.EACCES),
        Deny("socketpair", (kinds,), errno.EACCES),
        Deny("socket", (local, kinds), errno.EACCES),
    ]
    error = ASK if situation.supervised else errno.EACCES
    calls = ("connect", "bind") if situation.supervised else ("connect",)
    if situation.network != "none":
        families = (_UNIX, _INET, _INET6, _NETLINK)
        beyond = situation.network == "internet"
        denied += _netlink_and_raw((_RAW,) if beyond else (_DATAGRAM, _RAW))
        inet, protocols = Test(0, "in", (_INET, _INET6)), (*_PLAIN_PROTOCOLS, *(_UDP * beyond))
        denied.append(Deny("socket", (inet, Test(2, "not in", protocols)), errno.EACCES))
        calls = ("connect", "bind", "listen")
    denied += [Deny(call, error=error) for call in calls]
    return [*denied, Deny("socket", (Test(0, "not in", families),), errno.EACCES)]


def _netlink_and_raw(kinds: tuple[int, ...]) -> list[Deny]:
    """Of netlink the list of interfaces alone; of the internet no socket of these `kinds`."""
    route_only = (Test(0, "in", (_NETLINK,)), Test(2, "not in", (0,)))
    inet = (Test(0, "in", (_INET, _INET6)), Test(1, "in", kinds, mask=_TYPE_MASK))
    return [Deny("socket", route_only, errno.EACCES), Deny("socket", inet, errno.EACCES)]
