"""Cells on ranks as the app runs them: declared by the lesson, in the sandbox, with a network."""

from __future__ import annotations

from tests.conftest import until
from tutor.session.api import Assignment, Code
from tutor.session.session import Session
from tutor.session.snapshot import CellRun

SUM = """
def main(rank, world):
    x = torch.tensor([float(rank + 1)])
    torch.distributed.all_reduce(x)
    print("sum", x.item())
    return x.item()
"""
REACHES = """
import socket
try:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
    print("network")
except OSError:
    print("no network")
"""


async def finished(session: Session, code: Code) -> CellRun:
    before = session.snapshot.runs.get(code.block)
    last = before.run if before else 0
    session.run(code)
    snapshot = await until(
        session,
        lambda snapshot: (
            code.block in snapshot.runs
            and snapshot.runs[code.block].run > last
            and snapshot.runs[code.block].state not in ("queued", "running")
            and snapshot.phase in ("ready", "failed")
        ),
        timeout=60,
    )
    return snapshot.runs[code.block]


async def declare(session: Session, lesson: str, network: str = "none") -> None:
    """Open another lesson; returns when its worker is there."""
    generation = session.snapshot.generation
    session.reset_for(lesson, ["a", "sum", "x"], network=network)
    await until(session, lambda it: it.generation > generation and it.phase == "ready")


def text(run: CellRun) -> str:
    return "\n".join(line.text for line in run.output.lines)


async def test_a_lesson_with_ranks_gets_a_worker_that_can_start_them(session: Session) -> None:
    await declare(session, "distributed/one", "loopback")
    run = await finished(session, Code("sum", SUM, ranks=2))
    assert run.state == "done", run.problem
    assert text(run) == "[rank 0] sum 3.0\n[rank 1] sum 3.0"
    assert run.value == "[3.0, 3.0]"
    rows = session.snapshot.observed.ranks.rows
    assert [row.state for row in rows] == ["done", "done"]


async def test_other_lessons_have_no_network(session: Session) -> None:
    await declare(session, "distributed/two", "loopback")
    assert text(await finished(session, Code("x", REACHES))) == "network"
    await declare(session, "tensors/three")
    assert text(await finished(session, Code("x", REACHES))) == "no network"


async def test_a_lesson_that_was_not_declared_is_helped_out(session: Session) -> None:
    await declare(session, "tensors/four")
    await finished(session, Code("a", "x = 1"))
    run = await finished(session, Code("sum", SUM, ranks=2))
    assert run.value == "[3.0, 3.0]"
    assert session.snapshot.runs["a"].stale  # its names are gone with its worker


async def test_a_time_limit_ends_ranks_that_hang_and_says_where_they_were(
    session: Session,
) -> None:
    await declare(session, "distributed/five", "loopback")
    source = "def main(rank, world):\n    while True:\n        pass"
    run = await finished(session, Code("hang", source, timeout=2, ranks=2))
    assert run.state == "interrupted"
    assert run.problem is not None
    assert run.problem.kind == "Time limit"
    ranks = session.snapshot.observed.ranks
    assert ranks.verdict.startswith("stopped while rank 0 was at line")
    assert [row.state for row in ranks.rows] == ["stopped", "stopped"]
    assert text(await finished(session, Code("after", "print('alive')"))) == "alive"


async def test_a_fresh_check_may_start_ranks(session: Session) -> None:
    await declare(session, "distributed/six", "loopback")
    verdict = await session.check(
        Assignment(
            Code("mine", "y = 2", network="loopback"),
            "def check(s):\n    s.equal(s.value('y'), 2)",
            fresh=True,
            earlier=(Code("sum", SUM, ranks=2),),
        )
    )
    assert verdict.passed, verdict


async def test_a_check_runs_the_answer_on_ranks_in_the_sandbox(session: Session) -> None:
    await declare(session, "distributed/seven")
    check = "def check(s):\n    s.close(s.ranks(2, s.function('main', args=2)), [3.0, 3.0])"
    right = Assignment(Code("sum", SUM, network="loopback"), check)
    verdict = await session.check(right)
    assert verdict.passed, verdict
    wrong = Code("sum", SUM.replace("rank + 1", "[1][rank]"), network="loopback")
    failure = (await session.check(Assignment(wrong, check))).failure
    assert failure is not None
    assert failure.message.startswith("Rank 1 raised IndexError in line 3")
    assert failure.line == 3
    assert (await session.check(right)).passed


async def test_ranks_that_hang_in_a_check_are_named_before_its_time_is_up(
    session: Session,
) -> None:
    await declare(session, "distributed/eight", "loopback")
    source = "def main(rank, world):\n    while rank: pass"
    check = "def check(s):\n    s.ranks(2, s.function('main'), timeout=2)"
    verdict = await session.check(Assignment(Code("x", source, network="loopback"), check))
    assert verdict.failure is not None, verdict
    assert verdict.failure.message.startswith("The ranks did not end within 2 s: rank 1 was at")
