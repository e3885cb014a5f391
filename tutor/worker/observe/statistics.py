"""Mean, extremes and non-finite counts of a tensor, from a sample where it is large."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from tutor import raw

SAMPLE = 65_536
"""Elements looked at; the sample is strided, so that no random number is drawn."""

_aminmax, _isnan, _isinf, _isfinite = torch.aminmax, torch.isnan, torch.isinf, torch.isfinite
_NARROW = (torch.float16, torch.bfloat16)


@dataclass(frozen=True, slots=True)
class Statistics:
    """None where there is nothing to tell. Extremes and mean are of the finite elements."""

    mean: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    nan: int = 0
    inf: int = 0
    note: str = ""


def statistics(tensor: torch.Tensor) -> Statistics:
    """Statistics of any tensor. Inside `raw.below_everything`; never raises."""
    try:
        return _statistics(tensor)
    except Exception as error:
        return Statistics(note=f"could not be read: {type(error).__name__}")


def _statistics(tensor: torch.Tensor) -> Statistics:
    if raw.is_nested_of(tensor):
        return Statistics(note="nested: rows of different lengths")
    layout = raw.layout_of(tensor)
    if layout is not torch.strided:
        return Statistics(note=f"{str(layout).removeprefix('torch.')}: only some entries stored")
    if raw.is_quantized_of(tensor):
        return Statistics(note="quantized")
    data = raw.bare(tensor)
    if data.device.type == "meta" or _is_fake(tensor):
        return Statistics(note="no data: shape only")
    if data.numel() == 0:
        return Statistics(note="empty")
    if data.is_complex():
        return Statistics(note="complex: no order, so no statistics")
    sample, is_part = strided_sample(data)
    note = f"statistics of {SAMPLE:,} sampled elements" if is_part else ""
    values = _comparable(sample)
    low, high = (bound.item() for bound in _aminmax(values))
    nan = inf = 0
    if values.is_floating_point() and not (math.isfinite(low) and math.isfinite(high)):
        # NaN and infinities show in the extremes; only then are they worth counting.
        nan, inf = int(_isnan(values).sum()), int(_isinf(values).sum())
        values = values[_isfinite(values)]
        if values.numel() == 0:
            return Statistics(nan=nan, inf=inf, note=note)
        low, high = (bound.item() for bound in _aminmax(values))
    mean = values.double().mean().item()
    return Statistics(mean, float(low), float(high), nan, inf, note)


def strided_sample(data: torch.Tensor, limit: int = SAMPLE) -> tuple[torch.Tensor, bool]:
    """At most about `limit` elements in one dimension, and whether that left some out."""
    count = data.numel()
    if count <= limit:
        return data.reshape(-1), False
    if data.is_contiguous():
        # An odd step does not keep hitting the same columns of power-of-two rows.
        step = (count // limit) | 1
        return data.reshape(-1)[::step][:limit].contiguous(), True
    each = max(1, int(limit ** (1 / data.dim())))
    while data.numel() > limit:
        longest = max(range(data.dim()), key=lambda dim: data.shape[dim])
        size = data.shape[longest]
        step = max(2, min(-(-size // each), -(-data.numel() // limit)))
        data = data[(slice(None),) * longest + (slice(None, None, step),)]
    return data.contiguous().reshape(-1), True


def _comparable(values: torch.Tensor) -> torch.Tensor:
    if values.dtype is torch.bool:
        return values.to(torch.uint8)
    if values.dtype in _NARROW or (values.is_floating_point() and values.element_size() == 1):
        return values.float()
    if values.dtype in (torch.uint16, torch.uint32, torch.uint64):
        return values.to(torch.int64)
    return values


def _is_fake(tensor: torch.Tensor) -> bool:
    return type(tensor).__name__ in ("FakeTensor", "FunctionalTensor")
