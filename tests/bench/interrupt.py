"""From the request to stop until the code has stopped, for code of several kinds.

Run: python tests/bench/interrupt.py [ROUNDS]. Target: Python code within 100 ms.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session

KINDS = {
    "a loop": "while True: x = 1",
    "sleeping": "import time\ntime.sleep(3600)",
    "printing": "while True: print('line')",
    "small tensors": "while True: torch.ones(8, 8) @ torch.ones(8, 8)",
    "waiting for input": "input('? ')",
}
TARGET = 0.1


async def stop(session: Session, source: str, number: int) -> float:
    """Seconds from the interrupt until the worker has told of the end."""
    worker = session._worker
    assert worker is not None
    running = asyncio.ensure_future(worker.run(Code("bench", source), number))
    await asyncio.sleep(0.05)
    began = time.perf_counter()
    worker.interrupt()
    outcome = await running
    seconds = time.perf_counter() - began
    assert outcome.state == "interrupted", outcome
    return seconds


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(SessionSettings(Path(scratch), extras=False))
        await session.start()
        print(f"load average {os.getloadavg()[0]:.1f}; target: at most {TARGET * 1000:.0f} ms")
        number = 1_000_000
        for kind, source in KINDS.items():
            times: list[float] = []
            for _ in range(rounds):
                number += 1
                times.append(await stop(session, source, number))
            median = statistics.median(times)
            print(f"{kind:<18} {median * 1000:6.1f} ms, worst {max(times) * 1000:6.1f} ms")
        await session.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
