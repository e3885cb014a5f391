"""DDP's work on one parameter: its gradient as this rank computed it, and after the exchange."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel

from tutor import raw
from tutor.plain import NAME, clip
from tutor.wire.observed.ranks import VALUES, Fingerprint, RankGradient
from tutor.worker.ranks.watch.tally import Tally, fingerprint

_norm, _compiling = torch.linalg.vector_norm, torch.compiler.is_dynamo_compiling


class GradientWatch:
    """Follows the latest DDP model, by its first trainable parameter. Keeps no tensor alive."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._model: Any = None
        self._parameter: Any = None
        self._name = ""
        self._own: Fingerprint | None = None
        self._pieces = 0
        self._earlier = 0.0
        """Seconds of exchange of models before this one."""

    def install(self) -> None:
        """See every DDP model that is made in this process."""
        original, meet = DistributedDataParallel.__init__, self._meet

        @functools.wraps(original)
        def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:  # noqa: N807
            original(self, *arguments, **keywords)
            meet(self)

        DistributedDataParallel.__init__ = __init__  # type: ignore[method-assign]

    def look(self) -> bool:
        """After a backward call: what the exchange made of the gradient, and how long it took.

        True when nothing is left to be looked at before the next tick.
        """
        model = self._model() if self._model is not None else None
        if model is None:
            return True
        if not model.require_backward_grad_sync:
            return False  # inside `no_sync`: this rank's gradient alone, there is more to come
        own, pieces = self._own, self._pieces
        self._own, self._pieces = None, 0
        if not self._tally.looks or not pieces:
            return False
        parameter = self._parameter()
        gradient = None if parameter is None else raw.gradient_of(parameter)
        shared = None if gradient is None else _print(gradient)
        if shared is not None:
            own = own if pieces == 1 else None  # of several pieces only the last was seen
            self._tally.gradient = RankGradient(self._name, self._tally.steps + 1, shared, own)
        self._tally.exchange = self._earlier + _seconds(model)
        return True

    # -------------------------------------------------------------- inside

    def _meet(self, model: Any) -> None:
        try:
            named = model.module.named_parameters()
            name, parameter = next(pair for pair in named if raw.requires_grad_of(pair[1]))
            model._set_ddp_runtime_logging_sample_rate(1)
        except Exception:
            return
        self._earlier = self._tally.exchange
        self._model, self._parameter = weakref.ref(model), weakref.ref(parameter)
        self._name = clip(name, NAME)
        parameter.register_hook(self._arrived)

    def _arrived(self, gradient: torch.Tensor) -> None:
        """A piece of the gradient, before it is added up and exchanged."""
        if _compiling():
            return
        self._pieces += 1
        if self._tally.looks:
            self._own = _print(gradient)


def _seconds(model: Any) -> float:
    """Of the model's exchanges, what no computation covered; by DDP's own record."""
    try:
        data = model._get_ddp_logging_data()
        each = data["avg_backward_comm_time"] - data["avg_backward_compute_comm_overlap_time"]
        return max(0, each) * data["iteration"] / 1e9
    except Exception:
        return 0.0


def _print(gradient: torch.Tensor) -> Fingerprint | None:
    try:
        with raw.below_everything():
            values = raw.bare(gradient)
            norm = _norm(values.float() if values.dtype.itemsize < 4 else values).item()
            return fingerprint(norm, values.reshape(-1)[:VALUES].tolist())
    except Exception:
        return None
