"""Norms of gradients, weights and updates, all parameters at once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch

from tutor import raw
from tutor.wire.observed.gradients import GradState

UPDATE_ELEMENTS = 1_000_000
"""Up to so many numbers are copied for one step, to measure the update itself."""

_foreach_norm: Any = getattr(torch, "_foreach_norm", None)
_foreach_sub: Any = getattr(torch, "_foreach_sub", None)
_norm, _stack = torch.linalg.vector_norm, torch.stack
_capturing = getattr(torch.cuda, "is_current_stream_capturing", lambda: False)
_NARROW = (torch.float16, torch.bfloat16)
_PLAIN = (torch.Tensor, torch.nn.Parameter)


def readable(tensor: Any) -> bool:
    """True for plain dense tensors with data: all others may do anything when they are read."""
    return (
        type(tensor) in _PLAIN
        and raw.layout_of(tensor) is torch.strided
        and raw.device_of(tensor).type != "meta"
        and not raw.is_quantized_of(tensor)
        and not raw.is_nested_of(tensor)
    )


def may_read(tensors: Sequence[Any]) -> bool:
    """False while a CUDA graph is captured: reading would break it."""
    on_gpu = any(raw.is_tensor(t) and raw.device_of(t).type == "cuda" for t in tensors[:1])
    return not (on_gpu and _capturing())


def gradient_of(parameter: Any) -> tuple[torch.Tensor | None, GradState]:
    """The gradient that can be read, or why there is none."""
    if not readable(parameter):
        return None, "unread"
    if not raw.requires_grad_of(parameter):
        return None, "frozen"
    gradient = raw.gradient_of(parameter)
    if gradient is None:
        return None, "none"
    if gradient.layout is torch.sparse_coo and type(gradient) is torch.Tensor:
        gradient = gradient.coalesce().values()
    return (gradient, "") if readable(gradient) else (None, "unread")


def norms(tensors: Sequence[torch.Tensor | None]) -> list[float | None]:
    """The L2 norm of each, with one fetch a device; NaN and infinity show up as themselves.

    Inside `raw.below_everything`.
    """
    groups: defaultdict[tuple[torch.device, torch.dtype], list[int]] = defaultdict(list)
    for place, tensor in enumerate(tensors):
        if tensor is not None and tensor.numel():
            groups[tensor.device, tensor.dtype].append(place)
    found: list[float | None] = [None if tensor is None else 0.0 for tensor in tensors]
    waiting: defaultdict[torch.device, list[tuple[int, torch.Tensor]]] = defaultdict(list)
    for (device, dtype), places in groups.items():
        each = _each([tensors[place] for place in places], dtype)
        waiting[device] += zip(places, each, strict=True)
    for pairs in waiting.values():
        numbers = _stack([norm.double() if norm.is_cpu else norm.float() for _, norm in pairs])
        for (place, _), number in zip(pairs, numbers.tolist(), strict=True):
            found[place] = number
    return found


def _each(tensors: list[Any], dtype: torch.dtype) -> list[torch.Tensor]:
    if not (dtype.is_floating_point or dtype.is_complex):
        return [_norm(tensor.double()) for tensor in tensors]
    # The norm of half precision numbers does not fit into half precision.
    wide = torch.float32 if dtype in _NARROW else None
    try:
        return list(_foreach_norm(tensors, 2, dtype=wide) if wide else _foreach_norm(tensors))
    except (RuntimeError, TypeError, NotImplementedError):
        return [_norm(tensor, dtype=wide) for tensor in tensors]


def differences(now: Sequence[torch.Tensor], before: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """`now - before`, each."""
    try:
        return list(_foreach_sub(list(now), list(before)))
    except (RuntimeError, TypeError):
        return [a - b for a, b in zip(now, before, strict=True)]


def copies(parameters: Sequence[Any]) -> list[torch.Tensor] | None:
    """The parameters as they are now; None where they are too many or cannot be read."""
    if not all(map(readable, parameters)):
        return None
    if sum(parameter.numel() for parameter in parameters) > UPDATE_ELEMENTS:
        return None
    return [raw.bare(parameter).clone() for parameter in parameters]


def leaves_of(tensors: Any, limit: int = 2_000) -> list[torch.Tensor]:
    """The leaves that a backward from `tensors` gave gradients to."""
    first = tensors if type(tensors) in (list, tuple) else (tensors,)
    left = [raw.grad_fn_of(tensor) for tensor in first if raw.is_tensor(tensor)]
    seen: set[Any] = set()
    leaves: dict[int, torch.Tensor] = {}
    while left and len(seen) < limit:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None and raw.is_tensor(variable):
            leaves[id(variable)] = variable
        left += [function for function, _ in reversed(node.next_functions)]
    return list(leaves.values())


def total_of(values: Sequence[float | None]) -> float | None:
    """The norm of all gradients together."""
    known = [value for value in values if value is not None]
    return math.hypot(*known) if known else None
