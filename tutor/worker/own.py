"""Which code is the learner's own: cells, a script that is run, and the files beside it."""

from __future__ import annotations

import sys

CELL = "<cell "
"""How the file name of a cell begins."""
_PYTHON = (f"{sys.prefix}/", f"{sys.base_prefix}/lib/")


class _Script:
    """The script that this process runs; empty in a lesson."""

    path = ""
    block = ""
    folder = ""


def declare(path: str, block: str) -> None:
    """From now on `block` is the script at `path`, and files below its folder are own code."""
    _Script.path, _Script.block = path, block
    _Script.folder = path.rpartition("/")[0] + "/"


def script() -> tuple[str, str]:
    """Path and block of the script; two empty texts in a lesson."""
    return _Script.path, _Script.block


def file_of(block: str) -> str:
    """The file name under which a block's code is compiled."""
    return _Script.path if _Script.path and block == _Script.block else f"{CELL}{block}>"


def is_own(file: str) -> bool:
    """True for the file name of own code."""
    if file.startswith(CELL):
        return True
    if not _Script.path or not file.startswith(_Script.folder):
        return False
    if file == _Script.path:
        return True
    return "/site-packages/" not in file and not file.startswith(_PYTHON)
