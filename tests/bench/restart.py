"""Spawn of a ready, sandboxed worker against a cold `python -c 'import torch'`.

Run: python tests/bench/restart.py [ROUNDS] [TIER]. Target: median below 60 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tutor.session.api import SessionSettings
from tutor.session.zygote import Zygote

COLD_ROUNDS = 3


def cold() -> float:
    """Seconds of a fresh Python that imports torch."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - began


async def main(rounds: int, tier: str) -> None:
    zygote = Zygote()
    starts: list[float] = []
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        await zygote.start(SessionSettings(Path(scratch), tier=tier, extras=False))
        warm = time.perf_counter() - began
        for number in range(rounds + 3):
            began = time.perf_counter()
            connection = await zygote.spawn("worker", device="cpu")
            ready = time.perf_counter()
            await connection.kill()
            if number >= 3:
                starts.append(ready - began)
                ends.append(time.perf_counter() - ready)
        await zygote.close()
    base = statistics.median(cold() for _ in range(COLD_ROUNDS))
    spawn = statistics.median(starts)
    print(f"tier                 {zygote.isolation.tier}")
    print(f"zygote warm          {warm:7.2f} s, once")
    print(f"cold import torch    {base:7.2f} s")
    print(f"spawn → ready        {spawn * 1000:7.1f} ms   (target: below 60)")
    print(f"  worst of {rounds:<4}      {max(starts) * 1000:7.1f} ms")
    print(f"kill → all gone      {statistics.median(ends) * 1000:7.1f} ms")
    print(f"ratio                1/{base / spawn:.0f}")


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *["30", ""][len(sys.argv) - 1 :]]
    asyncio.run(main(int(arguments[0]), arguments[1]))
