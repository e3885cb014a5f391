"""A thousand restarts and a thousand interrupts at random moments: no worker lost, nothing leaked.

Run: python tests/bench/soak.py [--quick | N]. Targets: no worker lost; descriptors, processes and
files in scratch as before; memory of the app within 20 MiB.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot
from tutor.session.usage import descendants

MEMORY_ALLOWED = 20 << 20
CELLS = (
    "while True: x = 1",
    "import time\nwhile True: time.sleep(0.001)",
    "while True: print('line', torch.ones(3))",
    "while True: torch.randn(40, 40).matmul(torch.randn(40, 40)).sum().item()",
    "while True: y = [torch.ones(2) for _ in range(50)]; z = str(y)",
    "model = torch.nn.Linear(4, 4)\n"
    "optimizer = torch.optim.SGD(model.parameters(), 0.1)\n"
    "while True:\n"
    "    loss = model(torch.randn(8, 4)).pow(2).mean()\n"
    "    optimizer.zero_grad(); loss.backward(); optimizer.step()",
    "while True:\n"
    "    try: torch.ones(2, 3) @ torch.ones(2)\n"
    "    except RuntimeError as error: text = str(error)",
    "input('never answered ')",
    "import subprocess\nwhile True: subprocess.run(['true'])",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What this process and its session hold on to."""

    descriptors: int
    processes: int
    files: int
    memory: int


def held(scratch: Path) -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        len(list(Path("/proc/self/fd").iterdir())),
        len(descendants(os.getpid())),
        sum(1 for _ in scratch.rglob("*")),
        pages * os.sysconf("SC_PAGE_SIZE"),
    )


async def settle(session: Session) -> None:
    """Wait for the spare grader, and for the end of those that were dismissed."""
    assert session._graders.spare is not None
    await session._graders.spare
    await asyncio.sleep(1.5)


async def restarts(session: Session, count: int) -> float:
    began = time.perf_counter()
    for number in range(count):
        await session.restart()
        session.run(Code("cell", f"open('kept', 'w').write('x')\n{number}"))
        await until(session, lambda s: "cell" in s.runs and s.runs["cell"].state == "done")
    return (time.perf_counter() - began) / count


async def interrupts(session: Session, count: int, chance: random.Random) -> list[str]:
    """Returns what went wrong, one line each."""
    troubles: list[str] = []
    for number in range(count):
        source = chance.choice(CELLS)
        generation = session.snapshot.generation
        session.run(Code("cell", f"kept = {number}\n{source}"))
        await until(session, lambda s: "cell" in s.runs and s.runs["cell"].state != "queued")
        await asyncio.sleep(chance.random() ** 3 * 0.1)
        session.interrupt()
        snapshot = await until(session, lambda s: s.phase == "ready" and not s.running)
        run = snapshot.runs.get("cell")
        if run is None or run.state != "interrupted" or snapshot.generation != generation:
            state = run.state if run else "none"
            why = run.problem.message if run and run.problem else ""
            troubles.append(f"{number}: {state} {why} {snapshot.lost} <- {source[:60]!r}")
            continue
        session.run(Code("after", "1 + 1"))
        snapshot = await until(
            session, lambda s: "after" in s.runs and s.runs["after"].state not in BUSY
        )
        if snapshot.runs["after"].value != "2":
            troubles.append(f"{number}: the next cell was {snapshot.runs['after'].state}")
    return troubles


BUSY = ("queued", "running")


async def until(session: Session, condition: Callable[[Snapshot], bool]) -> Snapshot:
    """The next snapshot that meets `condition`; the one before it is stale."""
    found: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    def look(snapshot: Snapshot) -> None:
        if not found.done() and condition(snapshot):
            found.set_result(snapshot)

    unsubscribe = session.subscribe(look)
    try:
        return await asyncio.wait_for(found, 60)
    finally:
        unsubscribe()


def show(before: Held, after: Held) -> bool:
    """Print both; True when nothing leaked."""
    well = True
    for field in fields(Held):
        old, new = getattr(before, field.name), getattr(after, field.name)
        leaked = new - old > (MEMORY_ALLOWED if field.name == "memory" else 0)
        well = well and not leaked
        unit, name = ("MiB", 1 << 20) if field.name == "memory" else ("", 1)
        print(f"  {field.name:<12} {old // name:8} → {new // name:<8}{unit}{'  LEAKED' * leaked}")
    return well


async def main(count: int) -> int:
    seed = random.randrange(1 << 30)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        session = Session(SessionSettings(scratch, device="cpu"))
        await session.start()
        # An interrupt in the midst of `import torch._dynamo` leaves half of it behind, as in any
        # Python; the extras have it imported before.
        while not session._zygote.extras:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.1)
        await restarts(session, 10)
        await interrupts(session, 10, random.Random(0))
        await settle(session)
        await session.restart()
        await settle(session)
        before = held(scratch)
        each = await restarts(session, count)
        await settle(session)
        after_restarts = held(scratch)
        began = time.perf_counter()
        troubles = await interrupts(session, count, random.Random(seed))
        seconds = time.perf_counter() - began
        await session.restart()
        await settle(session)
        after = held(scratch)
        await session.close()
        left = len(descendants(os.getpid()))
    print(f"load average {os.getloadavg()[0]:.1f}, seed {seed}")
    print(f"{count} restarts, each with a cell: {each * 1000:.0f} ms")
    well = show(before, after_restarts)
    print(f"{count} interrupts at random moments: {seconds / count * 1000:.0f} ms")
    well = show(before, after) and well
    print(f"  went wrong   {len(troubles)}   (target: 0)")
    for line in troubles[:20]:
        print(f"    {line}")
    print(f"processes left after the end: {left}   (target: 0)")
    return 0 if well and not troubles and not left else 1


if __name__ == "__main__":
    words = sys.argv[1:]
    times = 100 if "--quick" in words else int(words[0]) if words else 1000
    sys.exit(asyncio.run(main(times)))
