"""Binding a unix socket to the very path that the caller wrote, yet certainly in given folders.

The kernel remembers the path as it was written and tells it to whoever asks, so it must not be
rewritten. Therefore a thread gives up all other folders for itself before it binds.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence

from tutor.sandbox import landlock
from tutor.sandbox.syscalls import checked, libc

_OWN_WORKING_FOLDER = 0x200  # CLONE_FS


def bind_inside(folders: Sequence[str], descriptor: int, raw: bytes, folder: int) -> None:
    """Bind `descriptor` to the unix address `raw`, relative to the folder with handle `folder`.

    Raises:
        OSError: as bind does, or the path leads out of `folders`.
    """
    failures: list[BaseException] = []

    def work() -> None:
        try:
            checked(libc.unshare(ctypes.c_int(_OWN_WORKING_FOLDER)), "unshare")
            os.fchdir(folder)
            landlock.restrict(write=folders)
            size = ctypes.c_uint(len(raw))
            checked(libc.bind(ctypes.c_int(descriptor), ctypes.c_char_p(raw), size), "bind")
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
