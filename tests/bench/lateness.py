"""How late an event loop is: what a learner would feel as a frozen screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PERIOD = 0.002


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """Collects, while the block runs, by how many seconds each of many short timers was late."""
    loop = asyncio.get_running_loop()
    late: list[float] = []

    async def beat() -> None:
        while True:
            due = loop.time() + PERIOD
            await asyncio.sleep(PERIOD)
            late.append(loop.time() - due)

    beating = asyncio.ensure_future(beat())
    try:
        yield late
    finally:
        beating.cancel()


def percentile(values: list[float], percent: float) -> float:
    """The value that `percent` of all lie below."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]
