"""Texts and numbers made short and fit for the wire."""

from __future__ import annotations

import math
from collections.abc import Iterable

LINE = 2_000
"""Characters in a `Line` of the wire."""
NAME = 300
"""Characters in a `Name` of the wire."""


def clip(text: object, limit: int = LINE) -> str:
    """`text` with at most `limit` characters, an ellipsis where it was cut, and legal UTF-8.

    Lone surrogates, which no frame can carry, become question marks. Anything but a real `str`
    (a learner's subclass may lie about itself) is copied first.
    """
    plain = str.__str__(text) if isinstance(text, str) else str(text)
    if len(plain) > limit:
        plain = plain[: limit - 1] + "…"
    return plain.encode("utf-8", "replace").decode("utf-8")


def number_text(value: bool | int | float | complex, digits: int = 4) -> str:
    """One number for a small grid: `digits` significant digits; floats keep a point.

    >>> number_text(1.0), number_text(-0.594588), number_text(12), number_text(1e-7)
    ('1.0', '-0.5946', '12', '1e-07')
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else f"{value:.{digits}g}"
    if isinstance(value, complex):
        imaginary = number_text(value.imag, digits)
        sign = "" if imaginary.startswith("-") else "+"
        return f"{number_text(value.real, digits)}{sign}{imaginary}j"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{digits}g}"
    # Large numbers keep all digits before the point: 123456.0 reads better than 1.235e+05.
    whole = len(str(int(abs(value))))
    if whole >= digits:
        return f"{value:.1f}"
    text = f"{value:.{digits}g}"
    return text if "." in text or "e" in text else text + ".0"


def counted(count: int, noun: str) -> str:
    """`1 argument`, `2 arguments`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def joined(items: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
