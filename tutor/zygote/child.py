"""Turns a fresh fork into a confined child: descriptors, environment, limits, then the sandbox.

The order matters: everything that needs rights comes before they are given up, and nothing of
the learner's runs before the last lock is in place.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
import traceback
from dataclasses import replace
from functools import lru_cache
from typing import NoReturn

from tutor.sandbox import landlock, seccomp
from tutor.sandbox.limits import be_modest, drop_capabilities, set_limits
from tutor.sandbox.paths import PLAIN_DEVICES, without
from tutor.sandbox.supervisor import hand_listener
from tutor.sandbox.syscalls import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel
from tutor.zygote import roles

_LINUX = sys.platform.startswith("linux")
PROTOCOL_DESCRIPTOR, SUPERVISOR_DESCRIPTOR = 900, 901
"""Out of the way of what learner code opens, below the limit of open files."""
FAILED_TO_START = 97
"""Exit code of a child that could not be confined or whose module could not be imported."""


def become(
    module: str,
    policy: Policy,
    protocol: int,
    output: int,
    *,
    forked: bool = True,
    supervisor: int | None = None,
) -> NoReturn:
    """Confine this process by `policy` and run `module` in it. It has one thread and, when it is
    not a fork, a session of its own. `supervisor`: a socket to the one in its monitor."""
    try:
        if _LINUX:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            prctl(PR_SET_DUMPABLE, 1)
        if forked:
            os.setsid()  # no controlling terminal
        _plain_signals()
        channel = arrange_descriptors(protocol, output, supervisor)
        enter_environment(policy)
        be_modest(policy.nice)
        if _LINUX:
            drop_capabilities()
        set_limits(
            data_bytes=policy.data_bytes,
            file_bytes=policy.file_bytes,
            open_files=policy.open_files,
            processes=policy.processes,
        )
        _lock(policy, supervised=supervisor is not None)
        if _LINUX and policy.private:
            prctl(PR_SET_DUMPABLE, 0)
        roles.run(module, channel, policy)
        os._exit(0)
    except BaseException:
        report_and_exit()


def _plain_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def arrange_descriptors(
    protocol: int, output: int, supervisor: int | None = None
) -> BlockingChannel:
    """0 = nothing, 1 and 2 = the one output pipe, the protocol high up, behind it the supervisor
    until `_lock` is done with it; all others closed."""
    os.dup2(protocol, PROTOCOL_DESCRIPTOR, inheritable=False)
    os.dup2(output, 1)
    os.dup2(output, 2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    last = PROTOCOL_DESCRIPTOR
    if supervisor is not None:
        last = os.dup2(supervisor, SUPERVISOR_DESCRIPTOR, inheritable=False)
    os.closerange(3, PROTOCOL_DESCRIPTOR)
    os.closerange(last + 1, 65536)
    return BlockingChannel(socket.socket(fileno=PROTOCOL_DESCRIPTOR))


def enter_environment(policy: Policy) -> None:
    """Only the variables of the policy, its folder, and files that nobody else may read."""
    os.environ.clear()
    os.environ.update(policy.environment)
    tempfile.tempdir = None
    os.umask(0o077)
    os.chdir(policy.cwd)
    sys.argv[:] = [""]


def wants_supervisor(policy: Policy) -> bool:
    """Whether a supervisor could allow it something; nothing to those who write nowhere."""
    version = min(landlock.abi(), policy.landlock_at_most) if policy.landlock else 0
    useful = seccomp.Situation(namespaces=policy.own_pids, landlock=version).needs_supervisor
    return _LINUX and policy.seccomp and bool(policy.write) and useful


def _lock(policy: Policy, *, supervised: bool) -> None:
    version = 0
    if policy.landlock:
        read, list_only = _readable(policy.read, policy.hidden)
        version = landlock.restrict(
            read=read,
            write=policy.write,
            list_only=(*list_only, *policy.list_only),
            device_files=(*PLAIN_DEVICES, *policy.device_files),
            tcp=policy.network != "none",
            at_most=policy.landlock_at_most,
        )
    if policy.seccomp:
        writes = bool(policy.write)
        _filter(seccomp.Situation(policy.network, policy.own_pids, version, supervised, writes))


def _filter(situation: seccomp.Situation) -> None:
    if situation.supervised:
        with socket.socket(fileno=SUPERVISOR_DESCRIPTOR) as supervisor:
            try:
                listener = seccomp.install(situation)
            except OSError:  # no kernel for it, or this whole system is supervised already
                situation = replace(situation, supervised=False)
            else:
                hand_listener(supervisor, listener)
                return
    seccomp.install(situation)


@lru_cache(maxsize=8)
def _readable(
    read: tuple[str, ...], hidden: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folder by folder, hence cached: call `prepare` in the zygote, then forks have it."""
    return without(read, hidden)


def prepare(policy: Policy) -> None:
    """Do in the zygote what every child of this policy would do again."""
    if policy.landlock:
        _readable(policy.read, policy.hidden)


def report_and_exit() -> NoReturn:
    """Say on the output pipe what went wrong at the start, and end."""
    with contextlib.suppress(OSError):
        os.write(2, traceback.format_exc().encode())
    os._exit(FAILED_TO_START)
