"""Round numbers for the edges of a picture."""

from __future__ import annotations

import math

from tutor.ui.widgets.numbers import compact


def ticks(low: float, high: float, most: int, log: bool = False) -> list[float]:
    """At most `most` round numbers from `low` to `high`; on a log scale powers of ten first."""
    if most < 1 or not high > low:
        return [low]
    return _powers(low, high, most) if log else _steps(low, high, most)


def _steps(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5, 10, 20):
        step = power * factor
        first = math.ceil(low / step - 1e-9)
        count = math.floor(high / step + 1e-9) - first + 1
        if count <= most:
            return [round((first + n) * step, 12) for n in range(max(0, count))]
    return []


def _powers(low: float, high: float, most: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    exponents = range(first, last + 1)
    if len(exponents) >= 2:
        stride = -(-len(exponents) // most)
        return [10.0**exponent for exponent in exponents[::stride]]
    base = 10.0 ** math.floor(math.log10(low))
    fine = [base * factor for factor in (1, 2, 3, 5, 10, 20, 30, 50)]
    inside = [value for value in fine if low <= value <= high]
    return inside[:: -(-len(inside) // most)] if len(inside) >= 2 else _steps(low, high, most)


def label(value: float) -> str:
    """A number beside an axis: `0.5`, `20`, `1e-4`."""
    if value == 0:
        return "0"
    size = abs(value)
    if 0.001 <= size < 100_000:
        text = f"{size:.4f}".rstrip("0").rstrip(".")
        return f"−{text}" if value < 0 else text
    exponent = math.floor(math.log10(size) + 1e-9)
    if math.isclose(size, 10.0**exponent, rel_tol=1e-6):
        return f"{'−' if value < 0 else ''}1e{exponent}"
    return compact(value)
