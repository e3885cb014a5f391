"""Plain numbers that the learner keeps in variables of a training loop: accuracy, val_loss, …"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from tutor import raw
from tutor.plain import NAME, clip
from tutor.wire.observed.training import SCALARS, ScalarValue

_CPU = torch.device("cpu")
_item = torch._C.TensorBase.item
_TELLING = ("loss", "acc", "err", "val", "score", "f1", "ppl", "perplex", "metric", "total", "avg")


def scalars(
    names: Iterable[str], values: Mapping[str, Any], skipped: Callable[[str], bool]
) -> tuple[ScalarValue, ...]:
    """At most 12 of `names` that hold one number, those that sound like a measure first.

    Inside `raw.below_everything`.
    """
    found: list[tuple[int, str, float]] = []
    for name in names:
        if name.startswith("_") or name not in values or skipped(name):
            continue
        number = number_in(values[name])
        if number is not None:
            telling = any(part in name.lower() for part in _TELLING)
            rank = 0 if telling else 1 if type(values[name]) is not int else 2
            found.append((rank, name, number))
    found.sort(key=lambda item: item[0])  # stable: the order of the source within a rank
    return tuple(
        ScalarValue(clip(name, NAME), finite(number)) for _, name, number in found[:SCALARS]
    )


def number_in(value: Any) -> float | None:
    """The number, where `value` is exactly one: Python's, NumPy's, or a 0-d tensor on the CPU."""
    kind = type(value)
    if kind is float:
        return value
    if kind is int:
        return float(value) if abs(value) < 1 << 62 else None
    if issubclass(kind, (np.floating, np.integer)):
        return float(value)
    if kind is torch.Tensor and len(raw.shape_of(value)) == 0 and raw.device_of(value) == _CPU:
        if raw.layout_of(value) is not torch.strided or raw.is_quantized_of(value):
            return None
        number = _item(value)
        return float(number) if type(number) in (int, float) else None
    return None


def finite(number: float) -> float | None:
    """Six digits for the wire; None = not finite, which JSON cannot say."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
