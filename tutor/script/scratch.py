"""The folder where a script may write, one for each run that is under way."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_MOST = 32
_held: list[int] = []
"""Locks are held until this process ends."""


def scratch_folder(wanted: Path) -> Path:
    """`wanted`, or where another run of the script uses it, `wanted-2` and so on.

    Raises:
        OSError: none can be made.
    """
    for number in range(1, _MOST):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Beside it: what is inside belongs to the script.
        lock = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        _held.append(lock)
        return folder.resolve()
    raise OSError(11, "too many runs of this script at once")
