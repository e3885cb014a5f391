"""Folders for temporary files of workers, in a scratch folder where learner code may put traps.

A link in the place of a folder must not lead the app, which has all rights, elsewhere. So every
step goes through the folder itself and not through its name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

_PARENT = ".tmp"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def prepare(scratch: str, *names: str) -> None:
    """Empty the folder of temporary files and make it, and the folders `names`, anew where they
    are missing or something else is in their place."""
    with _opened(scratch) as root:
        shutil.rmtree(_PARENT, ignore_errors=True, dir_fd=root)
        for name in (_PARENT, *names):
            os.close(_real_folder(root, name))


def make(scratch: str, name: str) -> str:
    """The path of an empty folder `name` of its own, mode 0700."""
    with _opened(scratch) as root:
        parent = _real_folder(root, _PARENT)
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=parent)
        finally:
            os.close(parent)
    return f"{scratch}/{_PARENT}/{name}"


def remove(scratch: str, name: str) -> None:
    """Remove it with all that is in it. What cannot be removed is left to the next start."""
    with contextlib.suppress(OSError), _opened(scratch) as root:
        parent = os.open(_PARENT, _FOLDER, dir_fd=root)
        try:
            shutil.rmtree(name, ignore_errors=True, dir_fd=parent)
        finally:
            os.close(parent)


def _real_folder(root: int, name: str) -> int:
    """A handle of the folder `name`, which replaces a file or link of that name."""
    for _ in range(3):
        try:
            return os.open(name, _FOLDER, dir_fd=root)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            os.unlink(name, dir_fd=root)
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=root)
    return os.open(name, _FOLDER, dir_fd=root)


@contextmanager
def _opened(scratch: str) -> Iterator[int]:
    root = os.open(scratch, _FOLDER)
    try:
        yield root
    finally:
        os.close(root)
