"""Reading the local variables of running frames, without keeping what they hold alive."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Container, Iterable, Iterator
from types import FrameType
from typing import Any

_MISSING = object()
_DEPTH = 60
_refcount = sys.getrefcount
_OPTIMIZED = inspect.CO_OPTIMIZED


def learners_frames(frame: FrameType | None, files: Container[str]) -> Iterator[FrameType]:
    """The frames of code in `files`, innermost first."""
    for _ in range(_DEPTH):
        if frame is None:
            return
        if frame.f_code.co_filename in files:
            yield frame
        frame = frame.f_back


def learners_frame(frame: FrameType | None, files: Container[str]) -> FrameType | None:
    """The innermost frame of code in `files`."""
    depth = _DEPTH
    while frame is not None and depth:
        if frame.f_code.co_filename in files:
            return frame
        frame, depth = frame.f_back, depth - 1
    return None


def look(frame: FrameType, names: Iterable[str]) -> dict[str, Any]:
    """Those of `names` that the frame knows, as locals or as globals."""
    found: dict[str, Any] = {}
    held = frame.f_locals
    for name in names:
        value = held.get(name, _MISSING)
        if value is _MISSING:
            value = frame.f_globals.get(name, _MISSING)
        if value is not _MISSING:
            found[name] = value
    _forget(frame, held)
    return found


def all_locals(frame: FrameType) -> dict[str, Any]:
    """A copy of everything local to the frame."""
    held = frame.f_locals
    found = dict(held)
    _forget(frame, held)
    return found


def _forget(frame: FrameType, held: Any) -> None:
    """Up to Python 3.12 a function's frame keeps the dict it made, and so old tensors alive.

    The dict is emptied unless the learner's own `locals()` holds it too: then there are more
    references than the frame, our caller, this function's two and the count's own.
    """
    optimized = frame.f_code.co_flags & _OPTIMIZED and held is not frame.f_globals
    if optimized and type(held) is dict and _refcount(held) <= _OURS:
        held.clear()


def _count(held: Any) -> int:
    return _refcount(held)


def _measure() -> int:
    held: dict[str, Any] = {}
    kept = [held]  # stands for the frame
    return _count(held) if kept else 0


_OURS = _measure()
