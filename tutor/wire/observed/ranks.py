"""The processes of one distributed run: where each is, what it computed, for whom it waited."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tutor.wire.base import Count, Line, Message, Name

RANKS = 16
"""Ranks in one message, and the most that one run may have."""
CALLS, SAMPLES, LINES, VALUES = 16, 24, 12, 4
"""Entries of one rank in one message."""

RankState = Literal["starting", "running", "waiting", "done", "failed", "lost", "stopped"]
Values = Annotated[tuple[float | None, ...], Meta(max_length=VALUES)]
"""The first values of a tensor, exactly; None = not finite."""


class Fingerprint(Struct, frozen=True, forbid_unknown_fields=True):
    """A tensor in few numbers: its L2 norm and its first values."""

    norm: float | None
    values: Values


class RankGradient(Struct, frozen=True, forbid_unknown_fields=True):
    """The gradient of the parameter `name` in step `step`. own: as this rank computed it, None
    where that was not seen; shared: after the exchange, as the optimizer used it."""

    name: Name
    step: Count
    shared: Fingerprint
    own: Fingerprint | None = None


class RankCall(Struct, frozen=True, forbid_unknown_fields=True):
    """Call number `number` of one function of `torch.distributed`, with its tensor's first values
    before and after, as text."""

    op: Name
    number: Count
    line: Count
    shape: Name = ""
    before: Name = ""
    after: Name = ""


class RankRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One rank at one moment.

    op: what it is in the middle of, such as `all_reduce` or `backward`, for `op_seconds` so far.
    seconds: since its function began; talking: of these, in exchanges with other ranks, waiting
    for them included. counts: calls of each function of `torch.distributed` so far.
    note: how it ended, where it did not end well.
    """

    rank: Count
    state: RankState = "starting"
    line: Count = 0
    step: Count = 0
    loss: Name = ""
    op: Name = ""
    op_seconds: float = 0.0
    samples: Annotated[tuple[Count, ...], Meta(max_length=SAMPLES)] = ()
    samples_hidden: Count = 0
    seconds: float = 0.0
    talking: float = 0.0
    gradient: RankGradient | None = None
    calls: Annotated[tuple[RankCall, ...], Meta(max_length=CALLS)] = ()
    counts: Annotated[tuple[tuple[Name, Count], ...], Meta(max_length=32)] = ()
    output: Annotated[tuple[Line, ...], Meta(max_length=LINES)] = ()
    output_hidden: Count = 0
    note: Line = ""


class RanksSeen(Message, frozen=True, tag=True):
    """All ranks at one moment, never a difference. verdict: why the run ended badly; over: no
    rank is left."""

    run: int
    block: Name
    world: Count
    rows: Annotated[tuple[RankRow, ...], Meta(max_length=RANKS)]
    verdict: Line = ""
    over: bool = False
