"""Reading the gradients of one optimizer after another, and the update that they led to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch

from tutor.wire.observed.gradients import ROWS, GradientNorms, GradRow, GradState
from tutor.worker.observe.observer import Run
from tutor.worker.observe.training.gradients import (
    copies,
    differences,
    gradient_of,
    leaves_of,
    may_read,
    norms,
    total_of,
)
from tutor.worker.observe.training.hooks import COUNTS
from tutor.worker.observe.training.names import Names
from tutor.worker.observe.training.scalars import finite, number_in

_PATIENCE = 8
"""Steps of other optimizers until an update is no longer waited for."""


@dataclass(slots=True)
class _Held:
    """Copies of an optimizer's parameters before its next step."""

    optimizer: int
    parameters: list[Any]
    before: list[torch.Tensor]
    until: int


class GradientWatch:
    """Every method is called inside `raw.below_everything`."""

    def __init__(self, run: Run, names: Names) -> None:
        self._run = run
        self.names = names
        self._met: set[int] = set()
        self._held: _Held | None = None

    @property
    def waiting(self) -> bool:
        """True when the next step should be looked at, whatever the clock says."""
        return self._held is not None

    def forget(self) -> None:
        """Drop every tensor."""
        self._held = None

    def after_step(
        self, optimizer: Any, frames: Sequence[FrameType], due: bool, urgent: bool
    ) -> bool:
        """After a step of `optimizer`. True when something was read or copied, which costs."""
        held = self._held
        mine = held is not None and held.optimizer == id(optimizer)
        if held is not None and not mine and COUNTS.steps > held.until:
            held = self._held = None
        first = id(optimizer) not in self._met
        if not (mine or first or due or urgent):
            return False
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        shown = parameters[:ROWS]
        if not may_read(shown):
            return False
        self._met.add(id(optimizer))
        if mine or first or urgent:
            before = None
            if mine and held is not None:
                self._held = None
                if _same(held.parameters, shown):
                    before = held.before
            rate = _plain_rate(optimizer)
            name = self.names.of_optimizer(optimizer, frames)
            self._tell(shown, frames, name, COUNTS.steps, before, rate, len(parameters))
        if not mine and self._held is None:
            before = copies(shown)
            if before is not None:
                self._held = _Held(id(optimizer), shown, before, COUNTS.steps + _PATIENCE)
            elif due and not first and not urgent:
                name = self.names.of_optimizer(optimizer, frames)
                rate = _plain_rate(optimizer)
                self._tell(shown, frames, name, COUNTS.steps, None, rate, len(parameters))
        return True

    def at_end(self, optimizer: Any) -> None:
        """The last gradients, where the learner's code has left them."""
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        shown = parameters[:ROWS]
        if may_read(shown) and total_of(norms([gradient_of(p)[0] for p in shown])):
            name = self.names.of_optimizer(optimizer, ())
            rate = _plain_rate(optimizer)
            self._tell(shown, (), name, COUNTS.steps, None, rate, len(parameters))

    def after_backward(self, tensors: Any, frames: Sequence[FrameType]) -> None:
        """After a backward that no optimizer follows."""
        leaves = self.names.in_order(leaves_of(tensors), frames)
        if leaves and may_read(leaves):
            self._tell(leaves[:ROWS], frames, "", COUNTS.backwards, None, None, len(leaves))
            self.names.forget(leaves)  # w = w - rate * w.grad makes new ones every time

    def _tell(
        self,
        parameters: Sequence[Any],
        frames: Sequence[FrameType],
        optimizer: str,
        step: int,
        before: list[torch.Tensor] | None,
        rate: float | None,
        count: int,
    ) -> None:
        found = [gradient_of(parameter) for parameter in parameters]
        states = [state for _, state in found]
        bare = [
            None if state == "unread" else parameter
            for parameter, state in zip(parameters, states, strict=True)
        ]
        wanted: list[Any] = [gradient for gradient, _ in found] + bare
        if before is not None:
            wanted += differences([parameter.detach() for parameter in parameters], before)
        values = norms(wanted)
        size = len(parameters)
        gradients, weights, updates = values[:size], values[size : 2 * size], values[2 * size :]
        if before is None:
            updates = [None if rate is None or g is None else rate * g for g in gradients]
        names = self.names.of_parameters(parameters, frames)
        rows = tuple(
            _row(name, tuple(parameter.shape), gradient, weight, update, state)
            for name, parameter, gradient, weight, update, state in zip(
                names, parameters, gradients, weights, updates, states, strict=True
            )
        )
        clipped, limit = _clipping()
        self._run.emit(
            GradientNorms(
                run=self._run.number,
                block=self._run.block,
                step=step,
                optimizer=optimizer,
                rows=rows,
                total=_known(total_of(gradients)),
                clipped_from=clipped,
                limit=limit,
                hidden=count - size,
            )
        )


def _row(
    name: str,
    shape: tuple[int, ...],
    gradient: float | None,
    weight: float | None,
    update: float | None,
    state: GradState,
) -> GradRow:
    if gradient is not None and not math.isfinite(gradient):
        state = "nan" if math.isnan(gradient) else "inf"
    return GradRow(name, shape[:16], _known(gradient), _known(weight), _known(update), state)


def _known(value: float | None) -> float | None:
    return None if value is None else finite(value)


def _same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def _plain_rate(optimizer: Any) -> float | None:
    """The learning rate of plain SGD, whose update is the gradient times it; else None."""
    if type(optimizer) is not torch.optim.SGD or len(optimizer.param_groups) != 1:
        return None
    group = optimizer.param_groups[0]
    plain = not (group.get("momentum") or group.get("weight_decay") or group.get("maximize"))
    return number_in(group.get("lr")) if plain else None


def _clipping() -> tuple[float | None, float | None]:
    """What `clip_grad_norm_` found since the last backward, and its limit."""
    total, limit = COUNTS.clipped, COUNTS.clip_limit
    if total is None or COUNTS.clip_at != COUNTS.backwards:
        return None, None
    if type(total) is torch.Tensor:
        total = total.item()
    before, most = number_in(total), number_in(limit)
    return _known(before), _known(most)
