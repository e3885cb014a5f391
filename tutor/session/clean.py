"""Every text inside a message made safe to draw, whatever the worker put there."""

from __future__ import annotations

from typing import Any

import msgspec

from tutor.text import sanitize


def clean(value: Any) -> Any:
    """A copy of `value` (text, tuple, message) in which every text went through `sanitize`."""
    if isinstance(value, str):
        return sanitize(value)
    if isinstance(value, tuple):
        return tuple(map(clean, value))
    if isinstance(value, msgspec.Struct):
        fields = {name: clean(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value
