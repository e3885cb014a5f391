"""Which examples the last batch of a DataLoader held."""

from __future__ import annotations

from collections import deque
from typing import Any

from torch.utils.data import dataloader

from tutor.worker.ranks.watch.tally import Tally

_KEPT = 64
_MOST = 4096


def watch_samples(tally: Tally) -> None:
    """Note the indices that samplers give out, when their batch reaches the learner's loop.

    Loaders with worker processes draw indices ahead, so they wait in a queue.
    """
    base = getattr(dataloader, "_BaseDataLoaderIter", None)
    if base is None or not hasattr(base, "_next_index"):
        return
    draw, following = base._next_index, base.__next__

    def _next_index(self: Any) -> Any:
        indices = draw(self)
        try:
            self.__dict__.setdefault("_tutor_drawn", deque(maxlen=_KEPT)).append(indices)
        except Exception:
            pass
        return indices

    def __next__(self: Any) -> Any:  # noqa: N807
        batch = following(self)
        drawn = self.__dict__.get("_tutor_drawn")
        if drawn:
            _note(tally, drawn.popleft())
        return batch

    base._next_index = _next_index  # type: ignore[method-assign]
    base.__next__ = __next__  # type: ignore[method-assign]


def _note(tally: Tally, indices: Any) -> None:
    if type(indices) is int:
        tally.samples = (indices,)
    elif type(indices) is list and len(indices) <= _MOST:
        known = [index for index in indices if type(index) is int and index >= 0]
        tally.samples = tuple(known) if len(known) == len(indices) else ()
