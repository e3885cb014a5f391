"""Every tensor that a namespace leads to, found without calling any of the learner's code."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from tutor import raw
from tutor.plain import clip

MAX_TENSORS = 5_000
MAX_DEPTH = 3
MAX_ITEMS = 64
MAX_MODULES = 2_000
PATH = 200
"""Characters of a path; longer ones are cut."""

Kind = Literal["tensor", "parameter", "buffer"]
_SKIPPED = frozenset(
    {types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, type(None)}
    | {str, bytes, int, float, bool, complex}
)


@dataclass(frozen=True, slots=True)
class Found:
    """One tensor under one path, such as `model.fc1.weight` or `batch[0]`."""

    path: str
    tensor: torch.Tensor
    kind: Kind


def tensors_in(names: Mapping[str, Any], preloaded: Mapping[str, Any]) -> Iterator[Found]:
    """At most `MAX_TENSORS`, in the order of the names; private and preloaded names are skipped.

    Modules are entered to their registered parameters and buffers, lists, tuples and dicts to
    depth 3 and 64 items each. A container that is met twice is entered once.
    """
    count = 0
    entered: set[int] = set()
    for name, value in list(names.items()):
        if type(name) is not str or name.startswith("_") or type(value) in _SKIPPED:
            continue
        if name in preloaded and preloaded[name] is value:
            continue
        for found in _inside(name, value, 0, entered):
            yield found
            count += 1
            if count >= MAX_TENSORS:
                return


def _inside(path: str, value: Any, depth: int, entered: set[int]) -> Iterator[Found]:
    kind = type(value)
    if kind in _SKIPPED:
        return
    if raw.is_tensor(value):
        yield Found(clip(path, PATH), value, "parameter" if raw.is_parameter(value) else "tensor")
        return
    is_module = issubclass(kind, nn.Module)
    is_sequence = issubclass(kind, (list, tuple))
    is_mapping = issubclass(kind, dict)
    if not (is_module or is_sequence or is_mapping) or id(value) in entered:
        return
    if is_module:
        yield from _in_module(path, value, entered)
        return
    if depth >= MAX_DEPTH:
        return
    entered.add(id(value))
    if is_sequence:
        base = list if issubclass(kind, list) else tuple
        for index, item in zip(range(MAX_ITEMS), base.__iter__(value), strict=False):
            yield from _inside(f"{path}[{index}]", item, depth + 1, entered)
    else:
        for _, (key, item) in zip(range(MAX_ITEMS), list(dict.items(value)), strict=False):
            if type(key) in (str, int):
                yield from _inside(f"{path}[{key!r}]", item, depth + 1, entered)


def _in_module(path: str, root: nn.Module, entered: set[int]) -> Iterator[Found]:
    """Parameters and buffers as `named_parameters` would list them, read from the registries."""
    left = [(path, root)]
    for _ in range(MAX_MODULES):
        if not left:
            return
        prefix, module = left.pop()
        if id(module) in entered:
            continue
        entered.add(id(module))
        for name, tensor in _registry(module, "_parameters"):
            if raw.is_tensor(tensor):
                yield Found(clip(f"{prefix}.{name}", PATH), tensor, "parameter")
        for name, tensor in _registry(module, "_buffers"):
            if raw.is_tensor(tensor):
                yield Found(clip(f"{prefix}.{name}", PATH), tensor, "buffer")
        children = [
            (f"{prefix}.{name}", child)
            for name, child in _registry(module, "_modules")
            if issubclass(type(child), nn.Module)
        ]
        left += reversed(children)


def _registry(module: nn.Module, name: str) -> list[tuple[str, Any]]:
    registry = object.__getattribute__(module, "__dict__").get(name)
    return list(dict.items(registry)) if isinstance(registry, dict) else []
