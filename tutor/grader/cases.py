"""One case of a check: a call with its inputs, and the misconceptions armed for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tutor.grader.failures import Mismatch
from tutor.grader.grids import grid
from tutor.plain import LINE, NAME, clip
from tutor.wire.messages import Failure, Grid

MAX_GRIDS = 3


@dataclass(slots=True)
class Case:
    """Before the first call there is a case without a label."""

    label: str = ""
    names: list[str] = field(default_factory=list)
    inputs: tuple[Grid, ...] = ()
    tag: str = ""
    text: str = ""

    @classmethod
    def of(
        cls, label: str, parameters: list[str], args: tuple[Any, ...], kw: dict[str, Any]
    ) -> Case:
        """The case of one call; tensors among the arguments are drawn as they are now."""
        names = [parameters[i] if i < len(parameters) else "" for i in range(len(args))]
        given = [*zip(names, args, strict=True), *kw.items()]
        tensors = [(n, v) for n, v in given if isinstance(v, torch.Tensor) and v.numel()]
        grids = tuple(grid(name, tensor) for name, tensor in tensors[:MAX_GRIDS])
        return cls(label, names, grids)

    def arm(self, tag: str, text: str) -> None:
        """The first misconception armed is the one that is shown."""
        if not self.tag:
            self.tag, self.text = tag, text

    def argument(self, index: int) -> str:
        """How a message calls the argument at `index`."""
        name = self.names[index] if index < len(self.names) else ""
        return f"its argument `{name}`" if name else f"its argument number {index + 1}"

    def failure(self, mismatch: Mismatch) -> Failure:
        """All that is known, ready for the wire."""
        return Failure(
            message=clip(mismatch.message, LINE),
            case=clip(self.label, LINE),
            inputs=self.inputs,
            expected=mismatch.expected,
            got=mismatch.got,
            difference=clip(mismatch.difference, LINE),
            misconception=clip(self.tag, NAME),
            feedback=clip(self.text, LINE),
            line=mismatch.line,
        )


def unchanged(before: Any, now: Any) -> bool:
    """Whether an argument still holds the same data after a call; what is no data counts as yes."""
    if isinstance(before, torch.Tensor):
        if not isinstance(now, torch.Tensor) or before.shape != now.shape:
            return False
        if before.dtype != now.dtype:
            return False
        one, other = before.detach(), now.detach()
        if one.device.type == "meta" or other.device.type == "meta":
            return one.device.type == other.device.type
        one = one.to_dense() if one.layout is not torch.strided else one
        return bool(((one == other) | ((one != one) & (other != other))).all())
    if isinstance(before, np.ndarray):
        if not isinstance(now, np.ndarray) or before.shape != now.shape:
            return False
        return bool(((before == now) | ((before != before) & (now != now))).all())
    if isinstance(before, list | tuple):
        if not isinstance(now, list | tuple) or len(before) != len(now):
            return False
        return all(map(unchanged, before, now))
    if isinstance(before, dict):
        if not isinstance(now, dict) or list(before) != list(now):
            return False
        return all(unchanged(before[key], now[key]) for key in before)
    if isinstance(before, bool | int | float | complex | str | type(None)):
        return type(before) is type(now) and (before == now or before != before)
    return True
