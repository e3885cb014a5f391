"""From walked nodes to the message: names, shapes, what is saved, which module made it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tutor import raw
from tutor.plain import LINE, NAME, clip
from tutor.wire.observed.graph import GraphCall, GraphNode, GraphSeen, Saved
from tutor.worker.observe.graph.condense import Group, condense
from tutor.worker.observe.graph.grouping import (
    MAX_CALLS,
    by_number,
    by_parameters,
    leaves_joined,
)
from tutor.worker.observe.graph.lines import Lines
from tutor.worker.observe.graph.naming import Names, NodeName
from tutor.worker.observe.graph.nodes import Walked
from tutor.worker.observe.graph.saved import SavedReader
from tutor.worker.observe.graph.words import op_word
from tutor.worker.observe.labels import RETURNED, line_of
from tutor.worker.observe.modules.calls import Call, CallLog
from tutor.worker.own import is_own

SAVED_SECONDS = 0.02
"""After so long, what the remaining nodes save is no longer looked at."""
MAX_INPUTS = 256
_clock = time.perf_counter
_dtype = lru_cache(raw.dtype_name)
_NOTHING = NodeName()
Kept = tuple[tuple[Saved, ...], dict[int, int]]
"""What a node keeps, and the bytes of each storage in it."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the backward writes gradients: everywhere at the leaves, or at these ids alone."""

    everywhere: bool = True
    ids: frozenset[int] = frozenset()


@dataclass(slots=True)
class Attribution:
    """Modules of the last graph, kept for a later one of the same form: the forward hooks see
    one forward only, and in a training loop all graphs are alike."""

    form: int = 0
    call_of: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


def picture(
    walked: Walked,
    names: Names,
    lines: Lines,
    log: CallLog,
    known: Attribution,
    targets: Targets,
    packed: bool,
    anomaly: bool = False,
) -> dict[str, Any]:
    """The fields of a `GraphSeen`, but for what it is the graph of. Reads, and keeps nothing."""
    nodes, inputs = walked.nodes, walked.inputs
    functions = [function_of(node) for node in nodes]
    is_leaf = [name == "AccumulateGrad" for name in functions]
    call_of, calls = _attributed(nodes, functions, is_leaf, inputs, names, log, known)
    call_of = leaves_joined(call_of, inputs, is_leaf)
    plain = [
        not leaf and id(node) not in names.nodes for node, leaf in zip(nodes, is_leaf, strict=True)
    ]
    condensed = condense(inputs, call_of, [call.parent for call in calls], plain)
    reader = SavedReader(names, packed)
    saved = _saved_by_all(nodes, reader)
    place, kept_calls = _calls_used(condensed.groups, calls)
    draw = Drawing(nodes, functions, is_leaf, names, lines, saved, targets, calls, place, anomaly)
    return {
        "nodes": tuple(
            draw.node(group, below)
            for group, below in zip(condensed.groups, condensed.inputs, strict=True)
        ),
        "calls": kept_calls,
        "operations": len(nodes) - sum(is_leaf),
        "leaves": sum(is_leaf),
        "saved_bytes": reader.saved_bytes,
        "packed": reader.met_packed,
        "hidden": condensed.hidden,
        "roots": walked.roots,
    }


def seen(run: int, root: str, how: Any, backward: int, fields: dict[str, Any]) -> GraphSeen:
    """The message itself."""
    return GraphSeen(run=run, root=clip(root, LINE), how=how, backward=backward, **fields)


# ---------------------------------------------------------------------- which module


def form_of(functions: Sequence[str], inputs: Sequence[Sequence[int]]) -> int:
    """Equal for graphs that are alike in everything but names and numbers."""
    return hash((tuple(functions), tuple(map(tuple, inputs))))


def _attributed(
    nodes: Sequence[Any],
    functions: Sequence[str],
    is_leaf: Sequence[bool],
    inputs: Sequence[Sequence[int]],
    names: Names,
    log: CallLog,
    known: Attribution,
) -> tuple[list[int], list[Call]]:
    numbers = [-1 if leaf else _number(node) for node, leaf in zip(nodes, is_leaf, strict=True)]
    form = form_of(functions, inputs)
    used = [number for number in numbers if number >= 0]
    calls = log.around(min(used), max(used)) if used else []
    call_of = by_number(numbers, calls) if calls else []
    if not any(call >= 0 for call in call_of):
        if known.form == form:
            return known.call_of, known.calls
        owners = [
            _owner(node, names) if leaf else "" for node, leaf in zip(nodes, is_leaf, strict=True)
        ]
        call_of, calls = by_parameters(owners, inputs)
    known.form, known.call_of, known.calls = form, call_of, calls
    return call_of, calls


def _owner(leaf: Any, names: Names) -> str:
    """`net.0` for the leaf `net.0.weight`; "" for a tensor that no module holds."""
    variable = _variable(leaf)
    if variable is None or id(variable) not in names.parameters:
        return ""
    path = names.tensors.get(id(variable), "")
    return path.rpartition(".")[0]


def _calls_used(
    groups: Sequence[Group], calls: Sequence[Call]
) -> tuple[dict[int, int], tuple[GraphCall, ...]]:
    """Only the calls that drawn nodes belong to, and those around them; and their new places."""
    used: set[int] = set()
    for group in groups:
        call = group.call
        while call >= 0 and call not in used:
            used.add(call)
            call = calls[call].parent
    order = sorted(used)[:MAX_CALLS]
    place = {call: index for index, call in enumerate(order)}
    place[-1] = -1
    kept = tuple(
        GraphCall(
            clip(calls[call].path, LINE),
            clip(calls[call].kind, NAME),
            calls[call].call,
            place.get(calls[call].parent, -1),
        )
        for call in order
    )
    return place, kept


# ---------------------------------------------------------------------- one node


def _saved_by_all(nodes: Sequence[Any], reader: SavedReader) -> list[Kept]:
    until = _clock() + SAVED_SECONDS
    found: list[Kept] = []
    for node in nodes:
        if _clock() > until:
            break
        found.append(reader.read(node))
    return found + [((), {})] * (len(nodes) - len(found))


@dataclass(slots=True)
class Drawing:
    """Everything that is known of the walked nodes; makes the nodes of the message."""

    nodes: Sequence[Any]
    functions: Sequence[str]
    is_leaf: Sequence[bool]
    names: Names
    lines: Lines
    saved: Sequence[Kept]
    targets: Targets
    calls: Sequence[Call]
    place: dict[int, int]
    anomaly: bool

    def node(self, group: Group, below: Sequence[int]) -> GraphNode:
        """One node of the message; `below` are the indices of its inputs there."""
        first = group.members[0]
        if group.kind == "single":
            if self.is_leaf[first]:
                return self._leaf(first, group.call)
            return self._operation(first, group.call, below)
        inputs = tuple(below[:MAX_INPUTS])
        shape, dtype, outputs = _output(self.nodes[first])
        storages: dict[int, int] = {}
        for member in group.members:
            storages |= self.saved[member][1]
        size = sum(storages.values())
        inside = [member for member in group.members if self.is_leaf[member]]
        count = len(group.members) - len(inside)
        if group.kind == "chain":
            words = ", ".join(dict.fromkeys(op_word(self.functions[m]) for m in group.members))
            return GraphNode(
                "chain", clip(words, NAME), shape=shape, dtype=dtype, outputs=outputs,
                inputs=inputs, call=self.place.get(group.call, -1), bytes=size, count=count,
            )  # fmt: skip
        call = self.calls[group.call]
        return GraphNode(
            "module", clip(call.kind or "module", NAME), name=clip(call.path, LINE), shape=shape,
            dtype=dtype, outputs=outputs, inputs=inputs, call=self.place.get(call.parent, -1),
            arrives=any(self._arrives(member) for member in inside), bytes=size, count=count,
        )  # fmt: skip

    def _operation(self, index: int, call: int, below: Sequence[int]) -> GraphNode:
        node, function = self.nodes[index], self.functions[index]
        called = self.names.nodes.get(id(node), _NOTHING)
        name, line = ", ".join(called.names), called.line
        label = line_of(node)
        if label is not None:
            if not name and label[0] != RETURNED:
                name = clip(label[0], NAME)
            if not line and self.lines.writes(*label):
                line = label[1]
        if self.anomaly and not line:
            line = _anomaly_line(node)
        shape, dtype, outputs = _output(node)
        saved, storages = self.saved[index]
        return GraphNode(
            "op",
            op_word(function),
            function,
            name,
            shape,
            dtype,
            outputs,
            tuple(below[:MAX_INPUTS]),
            line,
            self.place.get(call, -1),
            called.retains or (not self.targets.everywhere and id(node) in self.targets.ids),
            saved,
            sum(storages.values()),
        )

    def _leaf(self, index: int, call: int) -> GraphNode:
        variable = _variable(self.nodes[index])
        if variable is None:
            return GraphNode("leaf", "leaf", arrives=self._arrives(index))
        return GraphNode(
            "leaf",
            "parameter" if raw.is_parameter(variable) else "leaf",
            name=self.names.of(variable),
            shape=_shape(variable),
            dtype=_dtype(raw.dtype_of(variable)),
            call=self.place.get(call, -1),
            arrives=self._arrives(index),
        )

    def _arrives(self, index: int) -> bool:
        if self.targets.everywhere:
            return True
        node = self.nodes[index]
        return id(_variable(node)) in self.targets.ids or id(node) in self.targets.ids


def function_of(node: Any) -> str:
    """`MulBackward0`, as torch calls it."""
    try:
        name = node.name().rsplit("::", 1)[-1]
    except Exception:
        name = type(node).__name__
    return name if len(name) < NAME and name.isascii() else clip(name, NAME)


def _number(node: Any) -> int:
    try:
        return int(node._sequence_nr())
    except Exception:
        return -1


def _variable(node: Any) -> Any:
    return getattr(node, "variable", None)


def _shape(tensor: Any) -> tuple[int, ...] | None:
    try:
        return tuple(int(size) for size in raw.shape_of(tensor))
    except Exception:
        return None


def _output(node: Any) -> tuple[tuple[int, ...] | None, str, int]:
    """Shape and dtype of a node's first result, and how many results it has."""
    try:
        metadata = node._input_metadata
        if not metadata:
            return None, "", 1
        first = metadata[0]
        return tuple(map(int, first.shape)), _dtype(first.dtype), len(metadata)
    except Exception:  # another torch, or a nested tensor
        return None, "", 1


def _anomaly_line(node: Any) -> int:
    """The line that `torch.autograd.detect_anomaly` noted, where it was on."""
    try:
        for entry in reversed(node.metadata.get("traceback_", [])):
            head = entry.split("\n", 1)[0]
            if head.count('"') == 2 and is_own(head.split('"')[1]):
                return int(head.rsplit("line ", 1)[1].split(",")[0])
    except Exception:
        return 0
    return 0
