"""What memory a run left in use, and where."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tutor.wire.base import Count, Line, Message, Name

MOST_ROWS = 60
MOST_LINES = 200
MOST_NAMES = 100

Kind = Literal["tensor", "parameter", "buffer", "gradient", "optimizer"]
Signed = Annotated[int, Meta(ge=-(1 << 62), le=1 << 62)]


class Held(Message, frozen=True, tag=True):
    """One storage, under the first name that leads to it; `also` are others. The state of an
    optimizer is one row: `count` is its number of storages. Bytes of the whole storage."""

    path: Line
    bytes: Count
    kind: Kind
    device: Name = "cpu"
    count: Count = 1
    also: Annotated[tuple[Line, ...], Meta(max_length=8)] = ()


class HeldByKind(Message, frozen=True, tag=True):
    """All storages of one kind, each counted once."""

    kind: Kind
    bytes: Count
    count: Count


class LineGrowth(Message, frozen=True, tag=True):
    """By how many bytes process and device grew over the top-level statement at `line`;
    `peak` is by how much the process' highest use rose meanwhile."""

    line: Count
    process: Signed
    device: Signed = 0
    peak: Count = 0


class NameChanged(Message, frozen=True, tag=True):
    """Bytes that a name of the learner led to before and after the run."""

    name: Line
    before: Count
    after: Count


class DeviceMemory(Message, frozen=True, tag=True):
    """Bytes of tensors on a device, the most so far, what torch keeps in reserve, and what the
    device has; 0 where unknown."""

    device: Name
    allocated: Count
    peak: Count = 0
    reserved: Count = 0
    total: Count = 0


class MemoryMeasured(Message, frozen=True, tag=True):
    """At the end of a run. Process sizes are resident bytes, 0 where unknown: `idle` when the
    worker was fresh (Python and torch), `before` and `process` around the run, `peak` the most
    so far, `peak_before` the most before this run."""

    run: int
    block: Name
    process: Count = 0
    before: Count = 0
    idle: Count = 0
    peak: Count = 0
    peak_before: Count = 0
    devices: Annotated[tuple[DeviceMemory, ...], Meta(max_length=16)] = ()
    kinds: Annotated[tuple[HeldByKind, ...], Meta(max_length=5)] = ()
    rows: Annotated[tuple[Held, ...], Meta(max_length=MOST_ROWS)] = ()
    hidden: Count = 0
    """Storages beyond the largest."""
    lines: Annotated[tuple[LineGrowth, ...], Meta(max_length=MOST_LINES)] = ()
    changed: Annotated[tuple[NameChanged, ...], Meta(max_length=MOST_NAMES)] = ()
    complete: bool = True
    """False where there were too many tensors to look at all of them."""
