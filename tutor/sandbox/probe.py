"""Tries Landlock and seccomp for real, each in a child process of its own, and prints what held.

Run in a fresh interpreter by `detect`: `{"landlock": 7, "seccomp": true}`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable

from tutor.sandbox import landlock, seccomp


def main() -> None:
    """Print the findings as JSON."""
    version = landlock.abi() if _holds(_landlock_refuses) else 0
    print(json.dumps({"landlock": version, "seccomp": _holds(_seccomp_refuses)}))


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


def _holds(trial: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if trial() else 1)
        except OSError:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0
