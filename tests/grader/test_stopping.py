"""A check that is stopped, that takes too long, or whose worker forges answers: what the learner
reads, and what is left of their names."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.conftest import run_cell, until
from tutor.session.api import Assignment, Code
from tutor.session.session import Session
from tutor.session.snapshot import Verdict

CHECK = "def check(s):\n    s.equal(s.function('f')(1), 1)"
RIGHT = "kept = 'kept'\ndef f(x): return x"
LOOP = "kept = 'kept'\ndef f(x):\n    print('going')\n    while True: pass"
DEAF = """
def f(x):
    while True:
        try:
            while True: print('going', flush=True) or all(iter(range(10**7)))
        except KeyboardInterrupt: pass
"""
VALUE = repr({"value": {"k": "i", "v": "1"}, "arguments": {"k": "l", "v": [{"k": "i", "v": "1"}]}})
LONGER_THAN_THE_GRACE = "import time; time.sleep(2.5); print(kept)"


def text(session: Session, block: str) -> str:
    return "\n".join(line.text for line in session.snapshot.runs[block].output.lines)


async def stopped(session: Session, task: Assignment, when: str = "going") -> Verdict:
    """Check it, and interrupt as soon as it has printed `when`."""
    check = asyncio.ensure_future(session.check(task))
    await until(
        session, lambda _: when in text(session, "ex") if "ex" in session.snapshot.runs else False
    )
    session.interrupt()
    return await check


async def test_a_check_can_be_stopped_and_the_names_stay(session: Session) -> None:

    verdict = await stopped(session, Assignment(Code("ex", LOOP), CHECK, timeout=60))
    assert verdict.problem is not None
    assert verdict.problem.kind == "Interrupted"
    assert not verdict.passed
    await until(session, lambda it: it.phase == "ready")
    await run_cell(session, LONGER_THAN_THE_GRACE, "after")
    assert text(session, "after") == "kept"
    assert (await session.check(Assignment(Code("ex", RIGHT), CHECK))).passed


async def test_code_that_swallows_the_interrupt_is_ended_and_the_worker_replaced(
    session: Session,
) -> None:
    generation = session.snapshot.generation
    verdict = await stopped(session, Assignment(Code("ex", DEAF), CHECK, timeout=60))
    assert verdict.problem is not None
    assert verdict.problem.kind == "Interrupted"
    await until(session, lambda it: it.generation > generation and it.phase == "ready")
    assert (await session.check(Assignment(Code("ex", RIGHT), CHECK))).passed


async def test_a_check_that_computes_for_long_itself_can_be_stopped(session: Session) -> None:
    check = "def check(s):\n    s.call(s.make('lambda: print(\"going\")'), allow_none=True)\n    while True: pass"
    verdict = await stopped(session, Assignment(Code("ex", RIGHT), check, timeout=60))
    assert verdict.problem is not None
    assert verdict.problem.kind == "Interrupted"
    await run_cell(session, "print(kept)", "after")
    assert text(session, "after") == "kept"


async def test_a_fresh_check_can_be_stopped_while_it_replays(session: Session) -> None:
    fifo = session._settings.scratch / "going"
    os.mkfifo(fifo)
    earlier = Code("first", f"open({str(fifo)!r}, 'w').close()\nwhile True: pass")
    task = Assignment(Code("ex", RIGHT), CHECK, fresh=True, earlier=(earlier,), timeout=60)
    check = asyncio.ensure_future(session.check(task))
    await asyncio.to_thread(Path.read_bytes, fifo)
    session.interrupt()
    verdict = await check
    assert verdict.problem is not None
    assert verdict.problem.kind == "Interrupted"
    await until(session, lambda it: it.phase == "ready")


async def test_a_check_that_was_too_slow_costs_no_names(session: Session) -> None:
    verdict = await session.check(Assignment(Code("ex", LOOP), CHECK, timeout=1))
    assert verdict.problem is not None
    assert verdict.problem.kind == "Time limit"
    await run_cell(session, LONGER_THAN_THE_GRACE, "after")
    assert text(session, "after") == "kept"


async def test_a_forged_answer_is_noticed_at_once_and_no_fault_of_the_lesson(
    session: Session,
) -> None:
    forged = """
import json, os, socket, struct
def forge(number):
    h = json.dumps({'t': 'Answer', 'question': number, 'ok': True, 'value': VALUE}).encode()
    for name in os.listdir('/proc/self/fd'):
        try:
            sock = socket.socket(fileno=os.dup(int(name)))
            sock.send(struct.pack('<II', len(h), 0) + h)
        except OSError: pass
def f(x):
    forge(NUMBER)
    return x
"""
    for number in (7, 2):  # one that is out of turn; one that makes the true answer come second
        generation = session.snapshot.generation
        source = forged.replace("NUMBER", str(number)).replace("VALUE", VALUE)
        check = CHECK + "\n    s.equal(s.value('f')(1), 1)"
        verdict = await session.check(Assignment(Code("ex", source), check, timeout=600))
        assert not verdict.broken
        assert not verdict.passed
        assert verdict.problem is not None, verdict
        assert "an answer came that nobody had asked for" in verdict.problem.message
        await until(session, lambda it, old=generation: it.generation > old and it.phase == "ready")
        assert (await session.check(Assignment(Code("ex", RIGHT), CHECK))).passed
