"""How the numbers of a tensor are spread: counts in equal bins from the least to the greatest."""

from __future__ import annotations

from dataclasses import dataclass

import torch

BINS = 40
FEWEST = 30
SAMPLE = 1 << 18
"""Most numbers looked at; of a larger tensor every n-th one is."""

_histc, _isfinite, _aminmax = torch.histc, torch.isfinite, torch.aminmax


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts` of the finite numbers, from `low` to `high`; empty where a picture says nothing."""

    counts: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0


def histogram_of(data: torch.Tensor) -> Histogram:
    """At most 40 bins; of whole numbers in a smaller range, one bin each.

    Nothing for fewer than 30 numbers, which are read faster than drawn, or when all are equal.
    """
    if data.is_complex():
        data = data.abs()
    if data.dtype == torch.bool:
        data = data.to(torch.uint8)
    flat = data.reshape(-1) if data.is_contiguous() or data.numel() <= SAMPLE else data.flatten()
    flat = flat[:: max(1, flat.numel() // SAMPLE)]
    whole = not flat.is_floating_point()
    flat = flat.double().cpu() if flat.device.type != "mps" else flat.float().cpu().double()
    flat = flat[_isfinite(flat)]
    if flat.numel() < FEWEST:
        return Histogram()
    low, high = (bound.item() for bound in _aminmax(flat))
    if not high > low or high - low == float("inf"):
        return Histogram()
    bins = min(BINS, int(high - low) + 1) if whole else BINS
    # With one bin a whole number, each bin lies around its number.
    around = 0.5 if whole and bins == high - low + 1 else 0.0
    counts = _histc(flat, bins, low - around, high + around)
    return Histogram(tuple(int(count) for count in counts.tolist()), low, high)
