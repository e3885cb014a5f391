"""Arguments and results of a forward in a few words: the shapes in them."""

from __future__ import annotations

from typing import Any

from tutor import raw
from tutor.plain import clip
from tutor.text import dtype_text, shape_text

ITEMS = 6
DEPTH = 3
TEXT = 160
"""Characters of one description."""

_attributes = object.__getattribute__


def describe(value: Any) -> str:
    """`64×784`, `32×10 i64`, `(2×6×7, (1×2×7, 1×2×7))`, `{out: 4×8}`; calls no learner code."""
    return clip(_describe(value, 0), TEXT)


def describe_arguments(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
    """What went in, by position and by name; switches and what is None are left out."""
    parts = [_describe(value, 1) for value in arguments[:ITEMS] if _tells(value)]
    parts += [
        f"{name}={_describe(value, 1)}"
        for name, value in list(keywords.items())[:ITEMS]
        if _tells(value)
    ]
    return clip(", ".join(parts), TEXT)


def tensors_within(value: Any, depth: int = 0) -> list[Any]:
    """The tensors in a result, those that `describe` would show."""
    if raw.is_tensor(value):
        return [value]
    if depth >= DEPTH:
        return []
    return [tensor for _, item in _items(value) for tensor in tensors_within(item, depth + 1)]


def _tells(value: Any) -> bool:
    return value is not None and type(value) is not bool


def _describe(value: Any, depth: int) -> str:
    kind = type(value)
    if raw.is_tensor(value):
        return _tensor(value)
    if value is None or kind in (bool, int, float):
        return str(value)
    if kind is str:
        return clip(repr(value), 20)
    items = _items(value)
    if not items:
        return _class_name(kind)
    if depth >= DEPTH:
        return "…"
    texts = [
        f"{name}: {_describe(item, depth + 1)}" if name else _describe(item, depth + 1)
        for name, item in items[:ITEMS]
    ]
    inside = ", ".join(texts + ["…"] * (len(items) > ITEMS))
    if kind is list:
        return f"[{inside}]"
    if issubclass(kind, tuple):
        return f"({inside})"
    return f"{{{inside}}}" if kind is dict else f"{_class_name(kind)}({inside})"


def _tensor(tensor: Any) -> str:
    try:
        shape = shape_text(tuple(raw.shape_of(tensor)))
    except Exception:  # nested and uninitialised tensors have none
        return _class_name(type(tensor))
    dtype = dtype_text(raw.dtype_name(raw.dtype_of(tensor)))
    return shape if dtype == "f32" else f"{shape} {dtype}"


def _items(value: Any) -> list[tuple[str, Any]]:
    """What is inside, with the names of fields; nothing for what is not a container."""
    kind = type(value)
    if issubclass(kind, tuple):
        return [("", item) for item in tuple.__iter__(value)]
    if issubclass(kind, list):
        return [("", item) for item in list.__iter__(value)]
    if issubclass(kind, dict):
        return [(clip(key, 20), item) for key, item in dict.items(value) if type(key) is str]
    try:
        fields = _attributes(value, "__dict__")
    except AttributeError:
        return []
    return [(name, item) for name, item in dict.items(fields) if raw.is_tensor(item)]


def _class_name(kind: type) -> str:
    return clip(type.__getattribute__(kind, "__name__"), 40)
