"""Round trip of a `1+1` cell: our session against ipykernel through jupyter_client, interleaved.

Run: python tests/bench/round_trip.py [ROUNDS]. Needs `.[bench]`. Target: at most 1/8 of ipykernel.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel  # pyright: ignore[reportMissingImports]

from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session


def kernel_round_trip(client: object) -> float:
    """Seconds until the reply and the idle status of `1+1` have arrived."""
    began = time.perf_counter()
    client.execute_interactive("1+1", output_hook=lambda message: None)  # type: ignore[attr-defined]
    return time.perf_counter() - began


async def our_round_trip(session: Session, number: int) -> float:
    """Seconds until the value of `1+1` and the end of the run have arrived."""
    worker = session._worker
    assert worker is not None
    began = time.perf_counter()
    outcome = await worker.run(Code("bench", "1+1"), number)
    seconds = time.perf_counter() - began
    assert outcome.state == "done"
    return seconds


async def main(rounds: int) -> None:
    manager, client = start_new_kernel()
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(SessionSettings(Path(scratch)))
        await session.start()
        theirs: list[float] = []
        ours: list[float] = []
        for number in range(rounds + 20):
            a = await our_round_trip(session, 1_000_000 + number)
            b = kernel_round_trip(client)
            if number >= 20:
                ours.append(a)
                theirs.append(b)
        await session.close()
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    base, mine = statistics.median(theirs), statistics.median(ours)
    print(f"ipykernel     {base * 1000:7.2f} ms")
    print(f"torch-tutor   {mine * 1000:7.2f} ms")
    print(f"ratio         1/{base / mine:.1f}   (target: at most 1/8)")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
