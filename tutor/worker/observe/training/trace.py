"""Keeping `torch.compile` away from our code, with the compiler's own switches.

A compiled training step calls our hooks in between its pieces. Without this the compiler would
take each of them for a part of the learner's program. Private to torch, so guarded: where it is
missing, compiled training steps only break into more pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

_switches: Any = getattr(getattr(torch._C, "_dynamo", None), "eval_frame", None)
_skip: Callable[[Any], object] | None = getattr(_switches, "skip_code", None)  # torch < 2.7
_strategy: Callable[[Any, Any], object] | None = getattr(_switches, "set_code_exec_strategy", None)
_set: Callable[[Any], Any] | None = getattr(_switches, "set_eval_frame", None)


def skipped(function: Callable[..., Any], *, whole: bool = False) -> None:
    """The compiler never compiles `function` by itself. What it calls is another matter, unless
    `whole`: then nothing of the learner's may run in it."""
    if not isinstance(function, FunctionType):
        return
    if _strategy is not None:
        action = _switches._FrameAction
        inner = action.SKIP if whole else action.DEFAULT
        _strategy(function.__code__, _switches._FrameExecStrategy(action.SKIP, inner))
    elif _skip is not None:
        _skip(function.__code__)


def pause() -> Any:
    """From now on the compiler looks at nothing in this thread; returns what `resume` needs."""
    return None if _set is None else _set(None)


def resume(before: Any) -> None:
    """As it was before `pause`."""
    if _set is not None and before is not None:
        _set(before)
