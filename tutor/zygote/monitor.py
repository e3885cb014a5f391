"""One small process above each child: adopts all that the child leaves behind, and ends it.

It outlives neither: when the child is gone the whole tree is killed, and when the zygote is gone
(or asks by SIGTERM) the child is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from typing import NoReturn

import msgspec

from tutor.sandbox.ledger import Ledger
from tutor.sandbox.supervisor import Supervisor
from tutor.sandbox.syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl
from tutor.wire.control import Exited, Fork, Forked, encode
from tutor.zygote import child
from tutor.zygote.tree import kill_descendants

_AWAITED = {signal.SIGCHLD, signal.SIGTERM}


def watch(
    order: Fork,
    module: str,
    protocol: int,
    output: int,
    report: int,
    zygote: int,
    ledger: Ledger,
) -> None:
    """Fork the child and stay until its tree is gone; reports on descriptor `report`.
    `ledger`: of all monitors, for those that supervise.

    Call it in a fresh fork of the zygote with `_AWAITED` blocked. Does not return.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != zygote:
        os._exit(0)
    kept, ours, theirs = [report], -1, None
    ledger.keep_from_children()
    supervised = child.wants_supervisor(order.policy)
    if supervised:
        ours, theirs = (it.detach() for it in socket.socketpair())
        kept = sorted([report, ours])
    pid = os.fork()
    if pid == 0:
        child.become(module, order.policy, protocol, output, supervisor=theirs)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for first, end in zip([0, *(it + 1 for it in kept)], [*kept, 65536], strict=True):
        os.closerange(first, end)
    supervisor = _supervise(order, ours, ledger) if supervised else None
    _report(report, Forked(order.id, pid))
    _finish(order.id, pid, report, supervisor)


def _supervise(order: Fork, descriptor: int, ledger: Ledger) -> Supervisor:
    os.umask(0o077)  # like the child's own
    network = order.policy.network
    supervisor = Supervisor(
        order.policy.write,
        tcp=network != "none",
        ledger=ledger,
        internet=network == "internet",
    )
    supervisor.start(socket.socket(fileno=descriptor))
    return supervisor


def _finish(number: int, pid: int, report: int, supervisor: Supervisor | None) -> NoReturn:
    status = None
    while status is None:
        if signal.sigwait(_AWAITED) == signal.SIGTERM:
            _kill_group(pid)
        status = _status_of(pid)
    _kill_group(pid)
    kill_descendants()
    if supervisor is not None:
        supervisor.memory.clear()
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
