"""What the latest run left in memory."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.wire.observed.memory import MemoryMeasured


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """`measured` is None before the first run of a worker."""

    measured: MemoryMeasured | None = None


def with_memory(_before: MemoryUse, message: MemoryMeasured) -> MemoryUse:
    """The newest measurement is the whole truth."""
    return MemoryUse(message)
