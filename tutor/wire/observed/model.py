"""A model as its own first forward in a run showed it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tutor.wire.base import Count, Line, Message, Name


class LayerRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One call of a module, or a module that was not called. Rows stand in order of the calls.

    `inputs` and `outputs` are shapes in words, such as `64×784` or `(2×6×7, (1×2×7, 1×2×7))`.
    `parameters` counts every number in the module and below it, shared ones once.
    `share` is the part of the whole forward's time, -1 where it cannot be told.
    ok: it returned. failed: it raised. open: something inside it raised. waiting: the data did
    not come this far. fused: it ran as one operation, its layers were not called. unused: the
    forward went past it. `more` counts further calls that have no row.
    """

    path: Line
    kind: Name
    depth: Count = 0
    call: Count = 1
    more: Count = 0
    inputs: Line = ""
    outputs: Line = ""
    parameters: Count = 0
    trainable: Count = 0
    share: float = -1.0
    training: bool = True
    state: Literal["ok", "failed", "open", "waiting", "fused", "unused"] = "ok"
    note: Line = ""


class ModelSeen(Message, frozen=True, tag=True):
    """The first forward of one model. `index` counts the models of the run, from 0."""

    run: int
    index: Count
    name: Line
    kind: Name
    rows: tuple[LayerRow, ...]
    parameters: Count = 0
    trainable: Count = 0
    training: bool = True
    seconds: float = 0.0
    error: Line = ""
    hidden: Count = 0


class ModelUnwatched(Message, frozen=True, tag=True):
    """Models of this run are not looked at, and why."""

    run: int
    reason: Line
