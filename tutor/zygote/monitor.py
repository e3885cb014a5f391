"""One small process above each child: adopts all that the child leaves behind, and ends it.

It outlives neither: when the child is gone the whole tree is killed, and when the zygote is gone
(or asks by SIGTERM) the child is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NoReturn

import msgspec

from tutor.sandbox.syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl
from tutor.wire.control import Exited, Fork, Forked, encode
from tutor.zygote import child
from tutor.zygote.tree import kill_descendants

_AWAITED = {signal.SIGCHLD, signal.SIGTERM}


def watch(order: Fork, module: str, protocol: int, output: int, report: int, zygote: int) -> None:
    """Fork the child and stay until its tree is gone; reports on descriptor `report`.

    Call it in a fresh fork of the zygote with `_AWAITED` blocked. Does not return.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != zygote:
        os._exit(0)
    pid = os.fork()
    if pid == 0:
        child.become(module, order.policy, protocol, output)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(0, report)
    os.closerange(report + 1, 65536)
    _report(report, Forked(order.id, pid))
    _finish(order.id, pid, report)


def _finish(number: int, pid: int, report: int) -> NoReturn:
    status = None
    while status is None:
        if signal.sigwait(_AWAITED) == signal.SIGTERM:
            _kill_group(pid)
        status = _status_of(pid)
    _kill_group(pid)
    kill_descendants()
    _report(report, Exited(number, status))
    os._exit(0)


def _kill_group(pid: int) -> None:
    """All that did not leave the child's process group, at one stroke: a fork bomb grows faster
    than its processes can be listed."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def _status_of(pid: int) -> int | None:
    """Bury all the dead; the wait status of `pid` when it is among them."""
    found = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended == 0:
            return found
        if ended == pid:
            found = status


def _report(descriptor: int, message: msgspec.Struct) -> None:
    with contextlib.suppress(OSError):
        os.write(descriptor, encode(message) + b"\n")
