"""Packages that a cell wants and that a computer may lack."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from tutor.course.model import Cell

COMPILER = "compiler"
"""`requires=compiler` asks for a C++ compiler, which is no package."""
_COMPILERS = ("c++", "g++", "clang++", "cl")


def lacking(cell: Cell) -> tuple[str, ...]:
    """What of the cell's `requires` is not installed here; imports nothing."""
    return tuple(name for name in cell.requires if not _is_here(name))


def where_from(names: tuple[str, ...]) -> str:
    """What to do about it, a sentence."""
    packages = [name for name in names if name != COMPILER]
    if not packages:
        return "Install a C++ compiler to run it."
    return f"`pip install {' '.join(packages)}` brings it; then start torch-tutor again."


def _is_here(name: str) -> bool:
    if name == COMPILER:
        return any(map(shutil.which, _COMPILERS))
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
