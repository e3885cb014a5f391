"""What happens to an optimizer's gradients between two of its steps."""

from __future__ import annotations

import math
import weakref
from typing import Any

from tutor import raw

STALE_STEPS = 2
"""Steps in a row on gradients that were never cleared, before it is called a mistake."""

LARGEST_COPY = 1 << 16
"""Most numbers in the parameter whose movement is watched."""


class Stepped:
    """One optimizer of the run. Keeps weak references, and a copy of one parameter's values."""

    def __init__(self, optimizer: Any) -> None:
        self.kind = type(optimizer).__name__
        self.steps = 0
        self.empty_steps = 0
        """Steps in a row in which no parameter had a gradient."""
        self.stale_steps = 0
        self.parameters = {id(parameter) for parameter in parameters_of(optimizer)}
        self.rates = tuple(float(group.get("lr", 0.0)) for group in optimizer.param_groups)
        self.reached: set[int] = set()
        """Parameters that ever had a gradient, as far as was looked."""
        self.alive: set[int] = set()
        """Parameters whose gradient was ever anything but zeros."""
        self._mover: weakref.ref[Any] | None = None
        self._start: Any = None
        self._sample: weakref.ref[Any] | None = None
        self._backwards = 0
        self._cleared = False

    def before_backward(self) -> None:
        """Was the gradient of our sample cleared since the last step?"""
        sample = self._sample() if self._sample is not None else None
        if sample is None:
            return
        self._backwards += 1
        gradient = raw.grad_of(sample)
        if gradient is None or not bool(raw.bare(gradient).any()):
            self._cleared = True

    def before_step(self, optimizer: Any) -> None:
        """Judge what was seen since the last step."""
        self.steps += 1
        with_gradient = [p for p in parameters_of(optimizer) if raw.grad_of(p) is not None]
        self._look(with_gradient)
        self.empty_steps = 0 if with_gradient else self.empty_steps + 1
        if self._backwards and self.kind != "LBFGS":
            self.stale_steps = 0 if self._cleared else self.stale_steps + 1
        self._backwards, self._cleared = 0, False
        sample = self._sample() if self._sample is not None else None
        if sample is None:
            self._choose(with_gradient)

    def movement(self) -> float:
        """How far the weights that are watched have moved, relative to their size at the start;
        nan where that is not known."""
        mover = self._mover() if self._mover is not None else None
        if mover is None:
            return math.nan
        now = raw.bare(mover)
        if now.shape != self._start.shape or now.device != self._start.device:
            return math.nan
        size = self._start.double().norm().item()
        return (now.double() - self._start.double()).norm().item() / size if size else math.nan

    def _look(self, with_gradient: list[Any]) -> None:
        for parameter in with_gradient:
            key = id(parameter)
            self.reached.add(key)
            if key not in self.alive:
                gradient = raw.bare(raw.grad_of(parameter))
                if gradient.is_sparse or bool(gradient.any()):
                    self.alive.add(key)
        if self._mover is None:
            for parameter in with_gradient:
                fits = raw.bare(parameter).dim() > 1 and parameter.numel() <= LARGEST_COPY
                if fits and id(parameter) in self.alive:
                    self._mover = weakref.ref(parameter)
                    self._start = raw.bare(parameter).clone()
                    break

    def _choose(self, candidates: list[Any]) -> None:
        """The smallest parameter whose gradient is not all zeros."""
        for parameter in sorted(candidates, key=lambda p: p.numel()):
            gradient = raw.grad_of(parameter)
            if gradient is not None and bool(raw.bare(gradient).any()):
                self._sample = weakref.ref(parameter)
                return


def parameters_of(optimizer: Any) -> list[Any]:
    """Every parameter of every group."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
