"""What happens to an optimizer's gradients between two of its steps."""

from __future__ import annotations

import weakref
from typing import Any

from tutor import raw

STALE_STEPS = 2
"""Steps in a row on gradients that were never cleared, before it is called a mistake."""


class Stepped:
    """One optimizer of the run. Keeps a weak reference to one parameter, nothing else."""

    def __init__(self, optimizer: Any) -> None:
        self.kind = type(optimizer).__name__
        self.steps = 0
        self.empty_steps = 0
        """Steps in a row in which no parameter had a gradient."""
        self.stale_steps = 0
        self.parameters = {id(parameter) for parameter in parameters_of(optimizer)}
        self.rates = tuple(float(group.get("lr", 0.0)) for group in optimizer.param_groups)
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
        self.empty_steps = 0 if with_gradient else self.empty_steps + 1
        if self._backwards and self.kind != "LBFGS":
            self.stale_steps = 0 if self._cleared else self.stale_steps + 1
        self._backwards, self._cleared = 0, False
        sample = self._sample() if self._sample is not None else None
        if sample is None:
            self._choose(with_gradient)

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
