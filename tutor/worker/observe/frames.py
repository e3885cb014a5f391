"""The learner's frames in the call stack, and the names in them, leaving no trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

CELL = "<cell "
"""How the file name of a cell begins."""
MAX_FRAMES = 12
MAX_DEPTH = 200
_get_frame, _references = sys._getframe, sys.getrefcount
_COPIES_LOCALS = sys.version_info < (3, 13)
_SEEN_FROM_HERE = 4
"""References to the dict of a frame's locals when nobody else holds it."""


def learner_frames(start: FrameType | None = None) -> Iterator[FrameType]:
    """Frames whose code stands in a cell, the innermost first."""
    frame = start or _get_frame(1)
    found = 0
    for _ in range(MAX_DEPTH):
        if frame is None or found >= MAX_FRAMES:
            return
        if frame.f_code.co_filename.startswith(CELL):
            found += 1
            yield frame
        frame = frame.f_back


def local_names(frame: FrameType) -> dict[str, Any]:
    """A copy of the local variables of a function's frame; empty for a module's frame.

    Before Python 3.13 reading them leaves a dict in the frame that would keep tensors alive
    after `del`; that dict is emptied again, unless the learner called `locals()` and holds it.
    """
    if not frame.f_code.co_flags & CO_OPTIMIZED:
        return {}
    names = frame.f_locals
    copy = dict(names)
    if _COPIES_LOCALS and _references(names) < _SEEN_FROM_HERE:
        names.clear()
    return copy
