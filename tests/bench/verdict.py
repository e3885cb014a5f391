"""The verdict on an exercise, with a grader that waits warm and with one that is spawned first.

Run: python tests/bench/verdict.py [ROUNDS]. Target: median below 40 ms with the warm one.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tutor.session.api import Assignment, Code, SessionSettings
from tutor.session.session import Session

CHECK = '''
def check_values(s):
    """the rows add up to one"""
    softmax = s.function("softmax", args=1)
    for n in (2, 3, 4, 5):
        x = s.randn(n, 6, seed=n)
        s.close(softmax(x), torch.softmax(x, 1))
'''
SOLUTION = """
def softmax(x):
    e = (x - x.max(1, keepdim=True).values).exp()
    return e / e.sum(1, keepdim=True)
"""
TASK = Assignment(Code("ex", SOLUTION), CHECK)


async def verdict(session: Session, *, warm: bool) -> float:
    """Seconds from the request until the verdict. Returns once the next grader is warm again."""
    spare = session._graders.spare
    assert spare is not None
    grader = await spare
    if not warm:
        await grader.kill()
    began = time.perf_counter()
    judged = await session.check(TASK)
    seconds = time.perf_counter() - began
    assert judged.passed, judged
    return seconds


async def main(rounds: int) -> None:
    warm: list[float] = []
    cold: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(SessionSettings(Path(scratch), extras=False))
        await session.start()
        for number in range(rounds + 3):
            a = await verdict(session, warm=True)
            b = await verdict(session, warm=False)
            if number >= 3:
                warm.append(a)
                cold.append(b)
        await session.close()
    base, mine = statistics.median(cold), statistics.median(warm)
    print(f"load average      {os.getloadavg()[0]:7.1f}")
    print(f"spawned fresh     {base * 1000:7.1f} ms")
    print(f"warm spare        {mine * 1000:7.1f} ms   (target: below 40)")
    print(f"  worst of {rounds:<4}   {max(warm) * 1000:7.1f} ms")
    print(f"ratio             {mine / base:7.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
