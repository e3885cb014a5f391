"""The modules inside a module, read from the registries: none of the learner's code runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from tutor import raw
from tutor.plain import clip

MAX_MODULES = 5_000
PATH = 200
_attributes = object.__getattribute__


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers that a module and everything below it hold; shared parameters count once."""

    parameters: int = 0
    trainable: int = 0


NO_SIZE = Size()


def modules_in(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Path and module, the root as "" first, each module once under its first path."""
    left: list[tuple[str, nn.Module]] = [("", root)]
    seen: set[int] = set()
    while left and len(seen) < MAX_MODULES:
        path, module = left.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module
        left += [
            (clip(f"{path}.{name}" if path else name, PATH), child)
            for name, child in reversed(children_of(module))
        ]


def children_of(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Name and module of each direct child that is there."""
    return [
        (name, child)
        for name, child in _registry(module, "_modules")
        if isinstance(child, nn.Module)
    ]


def size_of(root: nn.Module) -> Size:
    """How many numbers `root` holds. Parameters of lazy modules do not count before they exist."""
    seen: set[int] = set()
    total = trainable = 0
    for _, module in modules_in(root):
        for _, parameter in _registry(module, "_parameters"):
            if not raw.is_tensor(parameter) or id(parameter) in seen:
                continue
            seen.add(id(parameter))
            count = _count(parameter)
            total += count
            trainable += count if raw.requires_grad_of(parameter) else 0
    return Size(total, trainable)


def is_training(module: nn.Module) -> bool:
    """`module.training`, without asking the module."""
    return bool(_attributes(module, "__dict__").get("training", True))


def _count(parameter: Any) -> int:
    try:
        count = 1
        for size in raw.shape_of(parameter):
            count *= int(size)
        return count
    except Exception:  # uninitialised
        return 0


def _registry(module: nn.Module, name: str) -> list[tuple[str, Any]]:
    registry = _attributes(module, "__dict__").get(name)
    return list(dict.items(registry)) if isinstance(registry, dict) else []
