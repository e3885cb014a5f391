"""The zygote's loop: `python -m tutor.zygote CONTROL_FD [--entry ROLE=MODULE]…`."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass

from tutor.sandbox.ledger import Ledger
from tutor.sandbox.syscalls import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    prctl,
)
from tutor.wire.control import (
    Exited,
    Fork,
    Forked,
    Policy,
    Signal,
    Succeed,
    Warm,
    decode_from_zygote,
    decode_to_zygote,
    encode,
)
from tutor.zygote import child, monitor, preload, roles
from tutor.zygote.tree import descendants, kill_descendants

_LARGEST = 1 << 20
_FAREWELL = 3.0
"""Seconds that monitors get to clear their trees when the app is gone."""
_SHARED = "/dev/shm"
_HELD_BACK = {signal.SIGCHLD, signal.SIGTERM}


@dataclass(slots=True)
class _Child:
    monitor: int
    policy: Policy
    pid: int = 0


def main() -> None:
    """Import torch, say so, and serve until the app closes the control socket."""
    parser = argparse.ArgumentParser()
    parser.add_argument("control", type=int)
    parser.add_argument("--entry", action="append", default=[])
    options = parser.parse_args()
    entries = roles.ENTRIES | dict(entry.split("=", 1) for entry in options.entry)
    control = socket.socket(fileno=options.control)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    began = time.perf_counter()
    version = preload.import_torch(entries.values())
    prctl(PR_SET_DUMPABLE, 0)  # nobody below may look into this process
    Zygote(control, entries, version, Ledger()).serve(time.perf_counter() - began)


class Zygote:
    """Forks children on request and tells the app of their end. One thread, one loop."""

    def __init__(
        self, control: socket.socket, entries: dict[str, str], torch: str, ledger: Ledger
    ) -> None:
        self._control = control
        self._entries = entries
        self._torch = torch
        self._ledger = ledger
        self._children: dict[int, _Child] = {}
        self._successors: set[int] = set()
        self._reports, self._report = os.pipe()
        self._wake, self._waker = os.pipe()
        self._partial = b""
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def serve(self, seconds: float, *, extras: bool = False) -> None:
        """Announce readiness (`seconds` were spent importing), then loop. Does not return."""
        preload.settle()
        count = preload.threads()
        self._send(Warm(os.getpid(), self._torch, count, seconds, extras))
        while True:
            for ready in select.select([self._control, self._reports, self._wake], [], [])[0]:
                if ready is self._control:
                    self._request()
                elif ready == self._reports:
                    self._heard()
                else:
                    self._bury()

    # -------------------------------------------------------------- requests

    def _request(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST, 4)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._leave()
        try:
            match decode_to_zygote(data):
                case Fork() as order:
                    self._fork(order, *descriptors)
                case Signal() as order:
                    self._signal(order)
                case Succeed():
                    self._succeed(*descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _fork(self, order: Fork, protocol: int, output: int) -> None:
        if preload.threads() != 1:
            reason = "was not started: the warm process had started threads"
            self._send(Exited(order.id, 0, reason))
            return
        child.prepare(order.policy)
        module = self._entries[order.role]
        zygote = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        pid = os.fork()
        if pid == 0:
            try:
                monitor.watch(order, module, protocol, output, self._report, zygote, self._ledger)
            finally:
                os._exit(child.FAILED_TO_START)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_BACK)
        self._children[order.id] = _Child(pid, order.policy)

    def _signal(self, order: Signal) -> None:
        target = self._children.get(order.id)
        if target is None:
            return
        with contextlib.suppress(OSError):
            if order.kind == "kill":
                os.kill(target.monitor, signal.SIGTERM)
            elif target.pid:
                os.killpg(target.pid, signal.SIGINT)  # like ^C: DataLoader workers, too

    def _succeed(self, control: int) -> None:
        """Fork a twin that imports the extras and serves on its own socket; this one stays,
        because the children it has forked end with it."""
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._successors.add(pid)
            return
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            prctl(PR_SET_CHILD_SUBREAPER, 1)
            if os.getppid() != parent:
                os._exit(0)
            self._control.close()
            for descriptor in (self._reports, self._report, self._wake, self._waker):
                os.close(descriptor)
            began = time.perf_counter()
            preload.import_extras()
            line = socket.socket(fileno=os.dup(control))
            os.close(control)
            twin = Zygote(line, self._entries, self._torch, self._ledger)
            twin.serve(time.perf_counter() - began, extras=True)
        finally:
            os._exit(child.FAILED_TO_START)

    # -------------------------------------------------------------- children

    def _heard(self) -> None:
        *lines, self._partial = (self._partial + os.read(self._reports, 65536)).split(b"\n")
        for line in lines:
            message = decode_from_zygote(line)
            if isinstance(message, Forked):
                if message.id in self._children:
                    self._children[message.id].pid = message.pid
            else:
                ended = self._children.pop(message.id, None)
                if ended is None:
                    continue
                self._clear_shared_memory(ended.policy)
            self._send(message)

    def _clear_shared_memory(self, policy: Policy) -> None:
        """Where /dev/shm is ours alone, what a dead worker left there would fill it up."""
        if not policy.own_pids or _SHARED not in policy.write:
            return
        if any(_SHARED in other.policy.write for other in self._children.values()):
            return
        with os.scandir(_SHARED) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)  # noqa: PTH108

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
            self._successors.discard(pid)
            self._monitor_ended(pid, status)

    def _monitor_ended(self, pid: int, status: int) -> None:
        """A monitor reports before it ends; one that was killed could not: end its orphans."""
        if select.select([self._reports], [], [], 0)[0]:
            self._heard()
        for number, lost in list(self._children.items()):
            if lost.monitor == pid:
                del self._children[number]
                self._end_orphans()
                self._send(Exited(number, signal.SIGKILL, ""))

    def _end_orphans(self) -> None:
        own = {child.monitor for child in self._children.values()} | self._successors
        for root in own.copy():
            own.update(descendants(root))
        for pid in set(descendants(os.getpid())) - own:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    # -------------------------------------------------------------- the app

    def _send(self, message: Warm | Forked | Exited) -> None:
        try:
            self._control.send(encode(message))
        except OSError:
            self._leave()

    def _leave(self) -> None:
        """The app is gone: let the monitors clear their trees, then end what is left."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        for its in self._children.values():
            with contextlib.suppress(OSError):
                os.kill(its.monitor, signal.SIGTERM)
        deadline = time.monotonic() + _FAREWELL
        while (left := deadline - time.monotonic()) > 0:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.05))
            except ChildProcessError:
                break
        kill_descendants()
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
