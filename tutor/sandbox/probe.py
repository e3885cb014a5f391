"""Tries Landlock, seccomp and the supervisor for real, each in a child process of its own, and
prints what held.

Run in a fresh interpreter by `detect`: `{"landlock": 7, "seccomp": true, "supervised": true}`.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from tutor.sandbox import landlock, seccomp
from tutor.sandbox.ledger import Ledger
from tutor.sandbox.supervisor import Supervisor, hand_listener


def main() -> None:
    """Print the findings as JSON."""
    version = landlock.abi() if _holds(_landlock_refuses) else 0
    found = {
        "landlock": version,
        "seccomp": _holds(_seccomp_refuses),
        "supervised": _holds(_supervisor_decides),
    }
    print(json.dumps(found))


def _landlock_refuses() -> bool:
    """True when a file outside the allowed folder cannot be opened, and one inside can."""
    landlock.restrict(read=["/usr"])
    os.listdir("/usr")  # noqa: PTH208
    try:
        os.listdir("/etc")  # noqa: PTH208
    except PermissionError:
        return True
    return False


def _seccomp_refuses() -> bool:
    """True when an internet socket is refused while a unix socket is not."""
    seccomp.install(seccomp.Situation(network="none"))
    socket.socket(socket.AF_UNIX).close()
    try:
        socket.socket(socket.AF_INET).close()
    except PermissionError:
        return True
    return False


def _supervisor_decides() -> bool:
    """True when the mode of a file in the given folder can be changed, and of another one not."""
    with tempfile.TemporaryDirectory() as folder:
        inside, outside = f"{folder}/inside", f"{folder}/outside"
        for path in (f"{inside}/file", f"{outside}/file"):
            Path(path).parent.mkdir()
            Path(path).touch()
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            ours.close()
            os._exit(0 if _modes_are_decided(theirs, inside, outside) else 1)
        theirs.close()
        Supervisor([os.path.realpath(inside)], tcp=False, ledger=Ledger()).start(ours)
        return os.waitpid(child, 0)[1] == 0


def _modes_are_decided(channel: socket.socket, inside: str, outside: str) -> bool:
    try:
        hand_listener(channel, seccomp.install(seccomp.Situation(landlock=1, supervised=True)))
        Path(inside, "file").chmod(0o711)
        Path(outside, "file").chmod(0o711)
    except PermissionError:
        return Path(inside, "file").stat().st_mode & 0o777 == 0o711
    except OSError:
        pass
    return False


def _holds(trial: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if trial() else 1)
        except OSError:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0
