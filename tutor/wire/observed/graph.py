"""The autograd graph of a run: what was computed from what, and what waits for the backward."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tutor.wire.base import Count, Line, Message, Name

Shape = Annotated[tuple[int, ...], Meta(max_length=64)]


class Saved(Struct, frozen=True, forbid_unknown_fields=True):
    """One tensor that an operation keeps for its backward.

    `name` is the learner's, "" where there is none. `bytes` are those of its storage.
    kept: it is there. freed: an earlier backward let it go. changed: written to in place since,
    so that the backward would raise. packed: a hook or a checkpoint holds it; it was not looked at.
    """

    what: Name
    name: Line = ""
    shape: Shape = ()
    dtype: Name = ""
    bytes: Count = 0
    parameter: bool = False
    state: Literal["kept", "freed", "changed", "packed"] = "kept"


class GraphNode(Struct, frozen=True, forbid_unknown_fields=True):
    """One node. `inputs` are indices of other nodes; -1 is an input that needs no gradient.

    op: `op` in plain words, `function` as torch calls it. leaf: a tensor without a history, where
    gradients end. module, chain: `count` operations drawn as one, because there are so many.
    `shape` is that of the first of `outputs` results, None where it is not known.
    `call` is the innermost module call that made it, an index into `GraphSeen.calls`.
    `arrives`: the backward writes a gradient here. `bytes`: memory that this node keeps,
    parameters left out; two nodes may keep the same, which `GraphSeen.saved_bytes` counts once.
    """

    kind: Literal["op", "leaf", "module", "chain"]
    op: Name
    function: Name = ""
    name: Line = ""
    shape: Shape | None = None
    dtype: Name = ""
    outputs: Count = 1
    inputs: Annotated[tuple[int, ...], Meta(max_length=1024)] = ()
    line: Count = 0
    call: int = -1
    arrives: bool = False
    saved: Annotated[tuple[Saved, ...], Meta(max_length=64)] = ()
    bytes: Count = 0
    count: Count = 1


class GraphCall(Struct, frozen=True, forbid_unknown_fields=True):
    """One call of a module; `parent` is the call around it, -1 at the outside."""

    path: Line
    kind: Name
    call: Count = 1
    parent: int = -1


class GraphSeen(Message, frozen=True, tag=True):
    """A whole graph, node 0 being where the backward starts (or the first of several such).

    how: `loss.backward()`, `torch.autograd.grad`, or no backward at all in this run.
    `backward` counts those of the run. `hidden` operations did not fit.
    """

    run: int
    root: Line
    how: Literal["backward", "grad", "none"]
    backward: Count
    nodes: tuple[GraphNode, ...]
    calls: tuple[GraphCall, ...] = ()
    operations: Count = 0
    leaves: Count = 0
    saved_bytes: Count = 0
    packed: bool = False
    hidden: Count = 0
    roots: Count = 1
