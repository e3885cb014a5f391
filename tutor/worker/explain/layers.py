"""Which layer of which model an exception came from, and what that layer was given."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from tutor.plain import clip
from tutor.worker.explain.peek import own_names, registry
from tutor.worker.explain.place import is_own, locals_of

_CALLS = ("forward", "_conv_forward", "_call_impl", "_forward_unimplemented")
_INPUTS = ("input", "x", "query", "src", "input1")
_MOST = 2_000
_LONGEST = 120


@dataclass(slots=True)
class Layer:
    """The innermost module whose forward was on the stack."""

    module: nn.Module
    path: str
    """"net.fc"; the name of the class where no name leads to the model."""
    root: nn.Module
    """The outermost module that was called."""
    input: Any = None
    """First argument of its forward, None where it is not known."""

    @property
    def kind(self) -> type:
        return type(self.module)


def layer_of(
    steps: list[types.TracebackType], after: types.TracebackType | None, names: dict[str, Any]
) -> Layer | None:
    """The layer that failed; `after` is the innermost step in the learner's code."""
    chain: list[Any] = []
    given: dict[int, Any] = {}
    for step in steps:
        if step.tb_frame.f_code.co_name not in _CALLS and not is_own(step):
            continue
        local = locals_of(step.tb_frame)
        module = local.get("self")
        if not issubclass(type(module), nn.Module):
            continue
        if step.tb_frame.f_code.co_name == "__init__":
            continue
        if not chain or chain[-1] is not module:
            chain.append(module)
        if step.tb_frame.f_code.co_name == "forward":
            first = next((name for name in _INPUTS if name in local), None)
            if first is not None:
                given.setdefault(id(module), local[first])
    if not chain:
        return None
    root, module = chain[0], chain[-1]
    path = _path(root, module, names, steps)
    return Layer(module, path, root, given.get(id(module)))


def name_of(value: Any, names: dict[str, Any]) -> str:
    """The first public name of `value` in a namespace, "" where it has none."""
    for name, found in list(dict.items(names)):
        if found is value and type(name) is str and not name.startswith("_"):
            return name
    return ""


def named_modules(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module below `root` with its dotted path, read from the registries."""
    left: list[tuple[str, nn.Module]] = [("", root)]
    seen: set[int] = set()
    while left and len(seen) < _MOST:
        path, module = left.pop(0)
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module
        for name, child in registry(module, "_modules").items():
            if issubclass(type(child), nn.Module):
                left.append((f"{path}.{name}" if path else str(name), child))


def described(module: nn.Module) -> str:
    """`Linear(in_features=8, out_features=2)`; only the class's name for a learner's own class.

    A learner's `extra_repr` is never called.
    """
    kind = type(module)
    name = str(type.__getattribute__(kind, "__name__"))
    if not str(type.__getattribute__(kind, "__module__")).startswith("torch.nn"):
        return name
    if registry(module, "_modules"):
        return f"{name} of {len(registry(module, '_modules'))} layers"
    try:
        text = kind.extra_repr(module)
    except Exception:
        return name
    for default in (", bias=True", ", stride=(1, 1)", ", stride=(1,)", ", affine=True"):
        text = text.replace(default, "")
    for default in (", eps=1e-05", ", momentum=0.1", ", track_running_stats=True"):
        text = text.replace(default, "")
    text = text.replace(", elementwise_affine=True", "").replace(", bias=True", "")
    return clip(f"{name}({text})", _LONGEST)


def _path(
    root: nn.Module,
    module: nn.Module,
    names: dict[str, Any],
    steps: list[types.TracebackType],
) -> str:
    begin = name_of(root, names)
    if not begin:
        for step in steps:
            if is_own(step) and (begin := name_of(root, locals_of(step.tb_frame))):
                break
    if not begin or begin == "self":
        begin = str(type.__getattribute__(type(root), "__name__"))
    for path, found in named_modules(root):
        if found is module:
            return clip(f"{begin}.{path}" if path else begin, _LONGEST)
    return begin


def python_containers_with_layers(module: nn.Module) -> list[tuple[str, str]]:
    """(attribute, type) of plain lists and dicts that hold layers, which torch cannot see."""
    found = []
    for name, value in own_names(module).items():
        if type(value) in (list, tuple):
            parts = list(value)
        elif type(value) is dict and name not in ("_modules",):
            parts = list(value.values())
        else:
            continue
        if any(issubclass(type(part), nn.Module) for part in parts):
            found.append((str(name), type(value).__name__))
    return found
