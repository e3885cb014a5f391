"""The learner's frames in the call stack, and the names in them, leaving no trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

from tutor.worker.own import is_own

MAX_FRAMES = 12
MAX_DEPTH = 200
_get_frame = sys._getframe
_COPIES_LOCALS = sys.version_info < (3, 13)
_LOCALS = frozenset({"locals", "vars", "eval", "exec"})


def learner_frames(start: FrameType | None = None) -> Iterator[FrameType]:
    """Frames of own code, the innermost first."""
    frame = start or _get_frame(1)
    found = 0
    for _ in range(MAX_DEPTH):
        if frame is None or found >= MAX_FRAMES:
            return
        if is_own(frame.f_code.co_filename):
            found += 1
            yield frame
        frame = frame.f_back


def local_names(frame: FrameType) -> dict[str, Any]:
    """A copy of the local variables of a function's frame; empty for a module's frame.

    Before Python 3.13 reading them leaves a dict in the frame that would keep tensors alive
    after `del`, so it is emptied again. It is the very dict that `locals()` returns: functions
    that speak of that are not read.
    """
    code = frame.f_code
    if not code.co_flags & CO_OPTIMIZED:
        return {}
    if not _COPIES_LOCALS:
        return dict(frame.f_locals)
    if not _LOCALS.isdisjoint(code.co_names):
        return {}
    names = frame.f_locals
    copy = dict(names)
    names.clear()
    return copy
