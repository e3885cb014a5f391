"""The learner's own names for tensors and for the nodes that made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch

from tutor import raw
from tutor.worker.observe.frames import learner_frames, local_names
from tutor.worker.observe.graph.lines import CELL, Lines, Place
from tutor.worker.observe.walk import tensors_in

MAX_NODE_NAMES = 3
_storage, _offset, _stride = (
    torch.Tensor.untyped_storage,
    torch.Tensor.storage_offset,
    torch.Tensor.stride,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that are visible somewhere; `place` and `line` tell where in the cell."""

    names: Mapping[str, Any]
    place: Place = CELL
    line: int = 1 << 30
    of_this_cell: bool = True


@dataclass(slots=True)
class NodeName:
    """What the learner calls the result of a node, and where it was made."""

    names: list[str] = field(default_factory=list)
    line: int = 0
    retains: bool = False


@dataclass(slots=True)
class Names:
    """Names by identity. Use it only while the namespace is held: ids are reused afterwards."""

    tensors: dict[int, str] = field(default_factory=dict)
    parameters: set[int] = field(default_factory=set)
    memory: dict[tuple[Any, ...], str] = field(default_factory=dict)
    """Names by place in memory: a saved result is another object over the same numbers."""
    storages: dict[int, str] = field(default_factory=dict)
    """Parameters by their storage: a saved view of one takes no memory of its own."""
    nodes: dict[int, NodeName] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    """The nodes, so that their ids stay theirs."""

    def of(self, tensor: torch.Tensor) -> str:
        """The name of `tensor`, or of one that shows the same memory in the same way."""
        return self.tensors.get(id(tensor)) or self.memory.get(memory_key(tensor)[0], "")


def scopes_now(names: dict[str, Any], file: str, start: FrameType | None) -> list[Scope]:
    """What the learner's code can see where it stands: its functions from inside out, the cell."""
    found: list[Scope] = []
    line = 1 << 30
    for frame in learner_frames(start):
        code = frame.f_code
        here = code.co_filename == file
        if code.co_name == "<module>":
            line = frame.f_lineno if here else line
            break
        place = (code.co_name, code.co_firstlineno)
        found.append(Scope(local_names(frame), place, frame.f_lineno, here))
    return [*found, Scope(names, line=line)]


def names_in(scopes: Iterable[Scope], preloaded: Mapping[str, Any], lines: Lines) -> Names:
    """Everything that has a name. Modules first: `net.0.weight` says more than `params[0]`."""
    names = Names()
    found = [(scope, item) for scope in scopes for item in tensors_in(scope.names, preloaded)]
    found.sort(key=lambda pair: pair[1].kind == "tensor")
    for scope, item in found:
        tensor = item.tensor
        names.tensors.setdefault(id(tensor), item.path)
        key, storage = memory_key(tensor)
        if item.kind == "parameter":
            names.parameters.add(id(tensor))
            names.storages.setdefault(storage, item.path)
        names.memory.setdefault(key, item.path)
        node = raw.grad_fn_of(tensor)
        if node is None:
            continue
        names.held.append(node)
        known = names.nodes.setdefault(id(node), NodeName())
        if item.path not in known.names and len(known.names) < MAX_NODE_NAMES:
            known.names.append(item.path)
        if not known.line and scope.of_this_cell:
            known.line = lines.of(item.path.split("[")[0].split(".")[0], scope.place, scope.line)
        known.retains = known.retains or bool(raw.retains_grad_of(tensor))
    return names


def memory_key(tensor: torch.Tensor) -> tuple[tuple[Any, ...], int]:
    """Where the numbers of `tensor` lie, and in which storage; its identity and 0 where it has
    no memory of its own. Inside `raw.below_everything`."""
    try:
        storage = _storage(tensor)._cdata
        return (storage, _offset(tensor), raw.shape_of(tensor), _stride(tensor)), storage
    except Exception:
        return (id(tensor),), 0
