"""A million printed lines, from the cell to the snapshot, against ipykernel's iopub; interleaved.

Run: python tests/bench/flood.py [ROUNDS]. Needs `.[bench]`. Targets: at most half of ipykernel's
time; the app's loop late by at most 20 ms (p99 and worst).
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel  # pyright: ignore[reportMissingImports]

from tests.bench.lateness import lateness, percentile
from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot

LINES = 1_000_000
SOURCE = f"for i in range({LINES}): print(i)"
LAST = f"{LINES - 1}"


def kernel_flood(client: object) -> float:
    """Seconds until the reply, all output and the idle status have arrived."""
    tail = ""

    def hook(message: dict[str, dict[str, str]]) -> None:
        nonlocal tail
        tail = (tail + message["content"].get("text", ""))[-20:]

    began = time.perf_counter()
    client.execute_interactive(SOURCE, output_hook=hook, timeout=600)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - began
    assert tail.strip().endswith(LAST), tail
    return seconds


async def our_flood(session: Session) -> tuple[float, list[float]]:
    """Seconds until the snapshot that shows the end, and how late the loop was meanwhile."""
    ended: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
    before = session.snapshot.runs.get("flood")

    def look(snapshot: Snapshot) -> None:
        run = snapshot.runs.get("flood")
        if run is None or run.state != "done" or (before is not None and run.run <= before.run):
            return
        if not ended.done():
            ended.set_result(snapshot)

    unsubscribe = session.subscribe(look)
    async with lateness() as late:
        began = time.perf_counter()
        session.run(Code("flood", SOURCE, timeout=600))
        snapshot = await ended
        seconds = time.perf_counter() - began
    unsubscribe()
    output = snapshot.runs["flood"].output
    assert output.lines[-1].text == LAST
    assert output.total_lines == LINES
    return seconds, late


async def main(rounds: int) -> None:
    manager, client = start_new_kernel()
    ours: list[float] = []
    theirs: list[float] = []
    late: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(SessionSettings(Path(scratch), extras=False))
        await session.start()
        gc.freeze()  # as the app does
        async with lateness() as idle:
            await asyncio.sleep(1)
        for _ in range(rounds):
            seconds, were_late = await our_flood(session)
            ours.append(seconds)
            late += were_late
            theirs.append(kernel_flood(client))
        await session.close()
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    base, mine = statistics.median(theirs), statistics.median(ours)
    print(f"load average    {os.getloadavg()[0]:7.1f}")
    print(f"ipykernel       {base:7.2f} s")
    print(f"torch-tutor     {mine:7.2f} s")
    print(f"ratio           {mine / base:7.2f}     (target: at most 0.50)")
    print(f"loop late p50   {percentile(late, 50) * 1000:7.1f} ms")
    print(f"          p99   {percentile(late, 99) * 1000:7.1f} ms  (target: at most 20)")
    print(f"        worst   {max(late) * 1000:7.1f} ms  (target: at most 20)")
    print(f"  idle  worst   {max(idle) * 1000:7.1f} ms  (what this machine does to any loop)")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
