"""Decides the system calls that a filter cannot judge by numbers alone (Linux).

Where namespaces are refused, a path may name the session bus, a port any program of this computer
and a file anything of the user's. Forbidding connect, bind and chmod altogether would also stop
data loader workers, tensors shared between processes and ranks; so these calls wait for an answer
from here. It runs in the monitor, outside the sandbox, on a thread of its own. When it is gone
the calls fail.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Sequence

from tutor.sandbox.asked_files import AskedFiles
from tutor.sandbox.asked_memory import AskedMemory
from tutor.sandbox.asked_signals import AskedSignals
from tutor.sandbox.asked_sockets import AskedSockets
from tutor.sandbox.ledger import Ledger
from tutor.sandbox.notify import Call, decide, receive
from tutor.sandbox.syscall_numbers import numbers


class Supervisor:
    """folders: what the sandbox may write. tcp: whether it has the internet family on loopback;
    internet: and beyond.
    ledger: shared by all monitors whose sandboxes may meet."""

    def __init__(
        self, folders: Sequence[str], *, tcp: bool, ledger: Ledger, internet: bool = False
    ) -> None:
        sockets = AskedSockets(folders, tcp=tcp, ledger=ledger, internet=internet)
        files, signals = AskedFiles(folders), AskedSignals()
        self.memory = AskedMemory()
        decisions: dict[str, Callable[[Call], None]] = {
            "connect": sockets.connect,
            "bind": sockets.bind,
            "listen": sockets.listen,
            "chmod": files.chmod,
            "fchmod": files.fchmod,
            "fchmodat": files.fchmodat,
            "fchmodat2": files.fchmodat2,
            "utimensat": files.utimensat,
            "kill": signals.kill,
            "tgkill": signals.tgkill,
            "tkill": signals.tkill,
            "openat": self.memory.openat,
            "link": self.memory.link,
            "linkat": self.memory.linkat,
            "unlink": self.memory.unlink,
            "unlinkat": self.memory.unlinkat,
        }
        table = numbers()
        self._decisions = {
            table[name]: decision for name, decision in decisions.items() if name in table
        }

    def start(self, channel: socket.socket) -> None:
        """Serve on a thread from when the listener comes over `channel`."""
        threading.Thread(target=self._serve, args=(channel,), daemon=True).start()

    def _serve(self, channel: socket.socket) -> None:
        with channel:
            listener = take_listener(channel)
        if listener is None:
            return
        try:
            while True:
                call = receive(listener)
                if call is not None:
                    decide(call, self._decisions.get(call.number, _unknown))
        except OSError:
            pass  # nobody is left who could call
        finally:
            os.close(listener)  # or who calls now would wait for ever


def hand_listener(channel: socket.socket, listener: int) -> None:
    """Send it to the supervisor and keep no copy, or the sandbox could answer its own questions."""
    try:
        socket.send_fds(channel, [b"l"], [listener])
    finally:
        os.close(listener)


def take_listener(channel: socket.socket) -> int | None:
    """None when the process ended, or installed its filter without one."""
    try:
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    except OSError:
        return None
    return descriptors[0] if descriptors else None


def _unknown(call: Call) -> None:
    call.refuse(errno.ENOSYS)
