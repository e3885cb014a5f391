"""Where ranks are born: a fork of the fresh worker that never runs learner code.

A worker that has run learner code must not be forked: its thread pools and autograd threads do
not survive it, and children hang. The nursery is forked before, so its children are sound.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import NoReturn, Protocol

from tutor.sandbox.syscalls import PR_SET_PDEATHSIG, prctl
from tutor.worker.ranks import keeper
from tutor.zygote import preload

_LINUX = sys.platform.startswith("linux")
_fork, _exit, _getppid, _close = os.fork, os._exit, os.getppid, os.close


class Source(Protocol):
    """Gives one keeper for each distributed run."""

    def keeper(self) -> socket.socket:
        """The control socket of a new keeper. Raises OSError."""
        ...


class Nursery:
    """Forked at once; make it before any learner code runs and before any thread starts.

    On its first look for work it imports what distributed lessons need, so that the first ranks
    are as fast as later ones.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker = os.getpid()
        if _fork() == 0:
            try:
                ours.close()
                _serve(theirs, worker)
            except BaseException:
                traceback.print_exc()
            finally:
                _exit(1)
        theirs.close()
        self._socket = ours
        os.register_at_fork(after_in_child=ours.close)

    def keeper(self) -> socket.socket:
        """The control socket of a keeper forked from the nursery. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                socket.send_fds(self._socket, [b"k"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours


class Launcher:
    """Starts each keeper as a program of its own: the way where forking is not safe, or where the
    worker has no nursery. Ranks then import torch themselves, which takes seconds."""

    def keeper(self) -> socket.socket:
        """The control socket of a keeper. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        root = os.path.dirname(os.path.dirname(keeper.__file__))  # noqa: PTH120
        root = os.path.dirname(os.path.dirname(root))  # noqa: PTH120
        # By its place: the folder around it may be one that the sandbox does not let us list.
        code = (
            "import sys, importlib.util as u; "
            f"s = u.spec_from_file_location('tutor', {root + '/tutor/__init__.py'!r}); "
            "m = sys.modules['tutor'] = u.module_from_spec(s); s.loader.exec_module(m); "
            f"import tutor.worker.ranks.keeper as k; k.main({theirs.fileno()})"
        )
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        threading.Thread(target=process.wait, daemon=True).start()  # buries it
        return ours


def _serve(requests: socket.socket, worker: int) -> NoReturn:
    if _LINUX:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if _getppid() != worker:
            _exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are buried by the kernel
    keeper.keep_only({0, 1, 2, requests.fileno()})
    preload.import_extras()
    gc.collect()
    gc.freeze()
    while True:
        data, descriptors, _, _ = socket.recv_fds(requests, 16, 1)
        if not data:
            _exit(0)
        if _fork() == 0:
            requests.close()
            keeper.keep(socket.socket(fileno=descriptors[0]))
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                _close(descriptor)
