"""Numbers for narrow columns: three significant digits, a real minus sign, words for the rest."""

from __future__ import annotations

import math


def compact(value: float | None) -> str:
    """`35.0`, `1.03`, `−1.2e-5`, `12345`; `·` for a number that is not known."""
    if value is None:
        return "·"
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        text = "0.0"
    elif 0.001 <= size < 99_999.5:
        decimals = max(0, 2 - math.floor(math.log10(size)))
        text = f"{size:.{decimals}f}"
        if decimals > 1:
            text = _trimmed(text)
        elif decimals == 0 and size < 1000:
            text = f"{size:.1f}"
    else:
        mantissa, exponent = f"{size:.1e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    return f"−{text}" if value < 0 and any(c in "123456789" for c in text) else text


def _trimmed(text: str) -> str:
    """Zeros at the end say nothing beyond the first decimal: 0.500 → 0.5."""
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"
