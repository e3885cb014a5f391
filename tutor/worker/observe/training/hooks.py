"""What runs on every step: counters, and a comparison with the number of the next look.

One set of functions for the life of the process, so that a name a learner bound to one of them
goes on to work, and so that `torch.compile` meets the same objects in every run.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch.nn.utils import clip_grad
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import dataloader

from tutor.worker.observe.training.trace import skipped

NEVER = 1 << 62

_is_compiling = torch.compiler.is_compiling
_frame, _clock, _id, _getattr = sys._getframe, time.perf_counter, id, getattr
_StopIteration = StopIteration
_backward = torch.autograd.backward
_clip = clip_grad.clip_grad_norm_
_Loader: Any = _getattr(dataloader, "_BaseDataLoaderIter", None)
_next: Any = _Loader.__next__ if _Loader is not None else None


def _nothing(thing: Any, frame: FrameType) -> None:
    return None


class Counts:
    """What the hooks count. `on` is False between runs, and in processes that were forked."""

    __slots__ = (
        "backwards", "batches", "clip_at", "clip_limit", "clipped", "inside", "lengths",
        "next_backward", "next_step", "on", "on_backward", "on_step", "sampler", "steps", "turn",
        "wait",
    )  # fmt: skip

    on_step: Callable[[Any, FrameType], None]
    on_backward: Callable[[Any, FrameType], None]

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As before the first run."""
        self.on_step = self.on_backward = _nothing
        self.on = False
        self.inside = False
        self.steps = self.backwards = self.batches = 0
        self.next_step = self.next_backward = NEVER
        self.wait = 0.0
        self.sampler = self.turn = 0
        """Which loader gave the last batch, and how many of its pass it has given."""
        self.lengths: dict[int, int] = {}
        """Batches in a whole pass, by the id of the loader's sampler."""
        self.clipped: Any = None
        self.clip_limit: Any = None
        self.clip_at = -1


COUNTS = Counts()


def after_step(optimizer: Any, args: Any, kwargs: Any) -> None:
    """After every optimizer step. Compiled code sees an empty function."""
    if _is_compiling():
        return
    counts = COUNTS
    number = counts.steps = counts.steps + 1
    if number >= counts.next_step:
        counts.on_step(optimizer, _frame(1))


@functools.wraps(_backward)
def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
    """`torch.autograd.backward`, counted; `Tensor.backward` arrives here too."""
    counts = COUNTS
    if _is_compiling() or not counts.on or counts.inside:
        return _backward(tensors, *args, **kwargs)
    counts.inside = True  # checkpoints call it again from within
    try:
        _backward(tensors, *args, **kwargs)
    finally:
        counts.inside = False
    number = counts.backwards = counts.backwards + 1
    if number >= counts.next_backward:
        counts.on_backward(tensors, _frame(1))
    return None


def next_batch(self: Any) -> Any:
    """`next()` of a DataLoader's iterator, timed."""
    counts = COUNTS
    if _is_compiling() or not counts.on:
        return _next(self)
    began = _clock()
    try:
        batch = _next(self)
    except _StopIteration:
        sampler = _id(_getattr(self, "_index_sampler", None))
        counts.lengths[sampler] = _getattr(self, "_num_yielded", 0)
        raise
    counts.wait += _clock() - began
    counts.batches += 1
    counts.turn = _getattr(self, "_num_yielded", 0)
    counts.sampler = _id(_getattr(self, "_index_sampler", None))
    return batch


@functools.wraps(_clip)
def clip_grad_norm_(parameters: Any, max_norm: Any, *args: Any, **kwargs: Any) -> Any:
    """`torch.nn.utils.clip_grad_norm_`; remembers the norm that it found."""
    total = _clip(parameters, max_norm, *args, **kwargs)
    counts = COUNTS
    if not _is_compiling() and counts.on:
        counts.clipped, counts.clip_limit, counts.clip_at = total, max_norm, counts.backwards
    return total


if _next is not None:
    functools.update_wrapper(next_batch, _next)

for _function in (after_step, backward, next_batch, clip_grad_norm_):
    skipped(_function)

_PATCHES: tuple[tuple[Any, str, Any, Any], ...] = (
    (torch.autograd, "backward", _backward, backward),
    (torch.nn.utils, "clip_grad_norm_", _clip, clip_grad_norm_),
    (clip_grad, "clip_grad_norm_", _clip, clip_grad_norm_),
    *(((_Loader, "__next__", _next, next_batch),) if _next is not None else ()),
)
_handles: list[Any] = []


def attach(
    on_step: Callable[[Any, FrameType], None], on_backward: Callable[[Any, FrameType], None]
) -> None:
    """Count from zero, and call back at the first step and the first backward."""
    detach()
    COUNTS.reset()
    COUNTS.on_step, COUNTS.on_backward = on_step, on_backward
    COUNTS.next_step = COUNTS.next_backward = 0
    for owner, name, theirs, ours in _PATCHES:
        if _getattr(owner, name) is theirs:  # else the learner has put something over it
            setattr(owner, name, ours)
    _hook_in()
    COUNTS.on = True


def detach() -> None:
    """Take everything out again. Safe to call twice."""
    COUNTS.on = False
    COUNTS.next_step = COUNTS.next_backward = NEVER
    COUNTS.clipped = None
    for handle in _handles:
        handle.remove()
    for owner, name, theirs, ours in _PATCHES:
        if _getattr(owner, name) is ours:
            setattr(owner, name, theirs)


def _hook_in() -> None:
    """Register once, and later under the same number: a compiled optimizer step that has met the
    hook is compiled anew when the number changes."""
    hooks = _handles[0].hooks_dict_ref() if _handles else None
    if hooks is None:
        _handles[:] = [register_optimizer_step_post_hook(after_step)]
    else:
        hooks[_handles[0].id] = after_step


def release() -> None:
    """Forget who was called back, and what was counted."""
    COUNTS.reset()
