"""One process above the ranks of one run: starts them, tells of their ends, leaves none behind.

Imports nothing heavy, so that it can also be started as a program; its ranks then import torch.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Collection
from typing import NoReturn

import msgspec

from tutor.sandbox.syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl
from tutor.worker.ranks.messages import Ended, Order, order_in
from tutor.worker.ranks.stream import receive_exactly, receive_header
from tutor.zygote.tree import kill_descendants

MOST_DESCRIPTORS = 250
_HIGHEST = 65_536
_LINUX = sys.platform.startswith("linux")
_LOOK_EVERY = 0.2
_encode = msgspec.json.Encoder().encode


def main(control: int) -> NoReturn:
    """The program: `control` is the descriptor of the socket to the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep(socket.socket(fileno=control))


def keep(control: socket.socket) -> NoReturn:
    """Take one order, start its ranks, and stay until all are gone or the worker hangs up.

    The first message carries descriptors: for each rank its socket, then for each its output,
    then those that the arguments share.
    """
    try:
        Keeper(control).run()
    except EOFError:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


class Keeper:
    """One thread, one loop."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._ranks: dict[int, int] = {}
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)

    def run(self) -> None:
        if _LINUX:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            prctl(PR_SET_CHILD_SUBREAPER, 1)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, MOST_DESCRIPTORS)
        order = order_in(receive_header(self._control))
        packed = [receive_exactly(self._control, size) for size in order.sizes]
        if self._hung_up():
            return  # we were born too late
        for rank in range(order.world):
            self._start(rank, order, packed, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        packed.clear()
        while self._ranks:
            ready = select.select([self._control, self._wake], [], [])[0]
            if self._control in ready and not self._control.recv(16):
                self._end_all()
                return
            if self._wake in ready:
                self._bury()
        self._end_all()  # what ranks left behind, such as their loaders' workers

    def _hung_up(self) -> bool:
        if not select.select([self._control], [], [], 0)[0]:
            return False
        return not self._control.recv(1, socket.MSG_PEEK)

    def _start(self, rank: int, order: Order, packed: list[bytes], descriptors: list[int]) -> None:
        keeper = os.getpid()
        pid = os.fork()
        if pid:
            self._ranks[pid] = rank
            return
        try:
            if _LINUX:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != keeper:
                os._exit(0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            events, output = descriptors[rank], descriptors[order.world + rank]
            inherited = descriptors[2 * order.world :]
            os.dup2(output, 1)
            os.dup2(output, 2)
            keep_only({0, 1, 2, events, *inherited})
            from tutor.worker.ranks.rank import live

            live(rank, order, (packed[0], packed[1]), socket.socket(fileno=events), inherited)
        finally:
            os._exit(1)

    def _bury(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            rank = self._ranks.pop(pid, None)
            if rank is not None:
                header = _encode(Ended(rank, os.waitstatus_to_exitcode(status)))
                with contextlib.suppress(OSError):
                    self._control.sendall(header + b"\n")

    def _end_all(self) -> None:
        """Where the sandbox refuses signals to other processes, the kernel does it: every rank
        dies with us, its parent."""
        if not _may_signal():
            os._exit(0)
        for pid in self._ranks:
            os.kill(pid, signal.SIGKILL)
        if _LINUX:
            kill_descendants()
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _may_signal() -> bool:
    try:
        os.kill(os.getpid(), 0)
    except PermissionError:
        return False
    return True


def keep_only(descriptors: Collection[int]) -> None:
    """Close all others."""
    start = 0
    for descriptor in sorted(descriptors):
        if start < descriptor:  # some Pythons take an empty range for everything
            os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, _HIGHEST)


def end_with(parent: int) -> None:
    """Where the kernel does not end a process with its parent, look. Does not return."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
