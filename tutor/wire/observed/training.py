"""How a training loop goes: losses, learning rates, speed, and where its loops stand."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from tutor.wire.base import Count, Message, Name

POINTS = 1_000
"""Points of one loss in one message."""
SCALARS, LOOPS, RATES, LOSSES = 12, 6, 16, 8
"""Entries in one message."""

NotFinite = Annotated[str, Meta(max_length=4)]
"""`NaN`, `+inf` or `-inf`; "" for a finite number."""


class LossPoints(Struct, frozen=True, forbid_unknown_fields=True):
    """New values of one loss, oldest first. `at` counts all backward calls from 1; a value that
    is not finite is None. `bad` and `bad_at` tell of the first one that was not finite."""

    name: Name
    line: Count
    at: Annotated[tuple[Count, ...], Meta(max_length=POINTS)]
    values: Annotated[tuple[float | None, ...], Meta(max_length=POINTS)]
    bad: NotFinite = ""
    bad_at: Count = 0


class LearningRate(Struct, frozen=True, forbid_unknown_fields=True):
    """One optimizer: the learner's name for it, its class, the rate of each parameter group."""

    name: Name
    kind: Name
    values: Annotated[tuple[float | None, ...], Meta(max_length=8)]


class LoopPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """One loop that is running: turn `turn` of `turns`, both 0 where unknown. `name` is the
    loop's variable; `value` is what it holds where that is a whole number."""

    name: Name
    line: Count
    turn: Count = 0
    turns: Count = 0
    value: int | None = None


class ScalarValue(Struct, frozen=True, forbid_unknown_fields=True):
    """A number that the learner keeps in a variable; None = not finite."""

    name: Name
    value: float | None


class TrainingTick(Message, frozen=True, tag=True):
    """What happened since the last tick. Counts and `seconds` are of the whole run so far.

    rate: optimizer steps a second, backward calls where there is no optimizer; 0 = unknown.
    wait: seconds spent waiting for DataLoaders. skipped: losses that were too many to be sent.
    over: the last tick of the run.
    """

    run: int
    block: Name
    seconds: float
    steps: Count
    backwards: Count
    rate: float = 0.0
    losses: Annotated[tuple[LossPoints, ...], Meta(max_length=LOSSES)] = ()
    rates: Annotated[tuple[LearningRate, ...], Meta(max_length=RATES)] = ()
    loops: Annotated[tuple[LoopPlace, ...], Meta(max_length=LOOPS)] = ()
    scalars: Annotated[tuple[ScalarValue, ...], Meta(max_length=SCALARS)] = ()
    batches: Count = 0
    wait: float = 0.0
    over: bool = False
