"""A real worker with real torch, driven as the app drives it."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import run_cell, until
from tutor.session.api import Assignment, Code, SessionError, SessionSettings
from tutor.session.device import choose
from tutor.session.fork_server import ForkServer
from tutor.session.session import Session
from tutor.wire.messages import Device, TensorDetail

CHECK = '''
def check_values(s):
    """twice the input comes back"""
    double = s.function("double", args=1)
    for n in (2, 3):
        x = s.randn(n, 2, seed=n)
        s.close(double(x), 2 * x)
'''


def shown(snapshot, block: str = "cell") -> list[str]:
    return [line.text for line in snapshot.runs[block].output.lines]


async def test_names_of_one_cell_are_there_in_the_next(session: Session) -> None:
    await run_cell(session, "x = torch.arange(6).reshape(2, 3)", "a")
    snapshot = await run_cell(session, "print('sum is')\nx.sum()", "b")
    run = snapshot.runs["b"]
    assert run.state == "done"
    assert shown(snapshot, "b") == ["sum is"]
    assert run.value == "tensor(15)"


async def test_an_error_names_its_kind_message_and_line(session: Session) -> None:
    snapshot = await run_cell(session, "a = torch.ones(2, 3)\na @ a")
    problem = snapshot.runs["cell"].problem
    assert problem is not None
    assert problem.kind == "RuntimeError"
    assert "2x3" in problem.message
    assert problem.line == 2
    assert [frame.line for frame in problem.frames if frame.own] == [2]


async def test_output_arrives_while_the_cell_still_runs(session: Session) -> None:
    session.run(Code("cell", "print('first')\nwhile True: pass"))
    snapshot = await until(
        session,
        lambda s: "cell" in s.runs and bool(s.runs["cell"].output.lines),
    )
    assert snapshot.runs["cell"].state == "running"
    assert shown(snapshot) == ["first"]
    session.interrupt()
    snapshot = await until(session, lambda s: s.runs["cell"].state == "interrupted")
    assert shown(snapshot) == ["first"]


async def test_an_interrupt_keeps_names_and_empties_the_queue(session: Session) -> None:
    await run_cell(session, "kept = 41", "a")
    session.run(Code("b", "while True: pass"), Code("c", "print('never')"))
    await until(session, lambda s: s.running == "b")
    session.interrupt()
    snapshot = await until(session, lambda s: s.phase == "ready")
    assert snapshot.runs["b"].state == "interrupted"
    assert "c" not in snapshot.runs
    snapshot = await run_cell(session, "kept + 1", "d")
    assert snapshot.runs["d"].value == "42"


async def test_code_stuck_in_c_is_ended_and_replaced(session: Session) -> None:
    session.run(Code("stuck", "sum(range(10**13))"))
    await until(session, lambda s: s.running == "stuck")
    session.interrupt()
    snapshot = await until(session, lambda s: s.phase == "ready")
    assert snapshot.runs["stuck"].state == "lost"
    problem = snapshot.runs["stuck"].problem
    assert problem is not None
    assert "did not react to the interrupt" in problem.message
    assert snapshot.lost
    snapshot = await run_cell(session, "1 + 1")
    assert snapshot.runs["cell"].value == "2"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.closerange(0, 65536)", "closed"),
    ],
    ids=["exit", "segfault", "closed descriptors"],
)
async def test_a_lost_worker_is_named_and_replaced(
    session: Session, source: str, word: str
) -> None:
    snapshot = await run_cell(session, source)
    run = snapshot.runs["cell"]
    assert run.state == "lost"
    assert run.problem is not None
    assert word in run.problem.message
    snapshot = await run_cell(session, "2 + 2", "next")
    assert snapshot.runs["next"].value == "4"


async def test_sys_exit_is_an_error_not_an_end(session: Session) -> None:
    generation = session.snapshot.generation
    snapshot = await run_cell(session, "import sys; sys.exit(3)")
    assert snapshot.runs["cell"].state == "error"
    assert snapshot.generation == generation


async def test_a_memory_bomb_leaves_the_app_alive(session: Session) -> None:
    snapshot = await run_cell(
        session, "hoard = []\nwhile True: hoard.append(bytearray(64 << 20))", "bomb"
    )
    run = snapshot.runs["bomb"]
    assert run.state in ("error", "lost")
    assert run.problem is not None
    assert "memory" in (run.problem.kind + run.problem.message + run.problem.advice).lower()
    snapshot = await run_cell(session, "3 + 3", "next")
    assert snapshot.runs["next"].value == "6"


async def test_a_million_lines_keep_both_ends_and_the_loop_awake(session: Session) -> None:
    loop = asyncio.get_running_loop()
    worst = 0.0
    done = asyncio.Event()

    async def heartbeat() -> None:
        nonlocal worst
        while not done.is_set():
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            worst = max(worst, loop.time() - due)

    beating = asyncio.ensure_future(heartbeat())
    snapshot = await run_cell(session, "for i in range(1_000_000): print(i)", "flood")
    done.set()
    await beating
    lines = shown(snapshot, "flood")
    assert lines[0] == "0"
    assert lines[-1] == "999999"
    assert snapshot.runs["flood"].output.total_lines == 1_000_000
    assert snapshot.runs["flood"].output.dropped > 900_000
    # Not a timing test: an app that stopped drawing for seconds would be frozen, not slow.
    assert worst < 2.0


async def test_input_asks_the_learner(session: Session) -> None:
    session.run(Code("ask", "name = input('Who? ')\nprint('Hello', name)"))
    snapshot = await until(session, lambda s: s.input_wanted is not None)
    assert snapshot.input_wanted is not None
    assert snapshot.input_wanted.prompt == "Who? "
    session.answer_input("Ada")
    snapshot = await until(session, lambda s: s.runs["ask"].state == "done")
    assert shown(snapshot, "ask") == ["Who? Ada", "Hello Ada"]


async def test_tensors_are_seen_without_any_change_to_the_code(session: Session) -> None:
    snapshot = await run_cell(session, "x = torch.ones(2, 3)\ny = x.T\nn = 5", "a")
    rows = {row.path: row for row in snapshot.tensors.rows}
    assert set(rows) == {"x", "y"}
    assert rows["x"].shape == (2, 3)
    assert rows["x"].change == "added"
    assert rows["x"].mean == 1.0
    assert rows["y"].shares == ("x",)
    snapshot = await run_cell(session, "x.add_(1)", "b")
    assert next(row for row in snapshot.tensors.rows if row.path == "x").change == "mutated"


async def test_a_tensor_opens_with_its_values(session: Session) -> None:
    await run_cell(session, "x = torch.arange(6.).reshape(2, 3).T", "a")
    detail = await session.inspect("x")
    assert isinstance(detail, TensorDetail)
    assert detail.strides == (1, 3)
    assert not detail.contiguous
    assert (detail.heat_rows, detail.heat_columns) == (3, 2)


async def test_restart_forgets_names(session: Session) -> None:
    await run_cell(session, "x = torch.ones(3)", "a")
    await session.restart()
    snapshot = session.snapshot
    snapshot = await run_cell(session, "x", "b")
    problem = snapshot.runs["b"].problem
    assert problem is not None
    assert problem.kind == "NameError"
    assert "a" not in snapshot.runs


async def test_restart_while_a_cell_runs(session: Session) -> None:
    session.run(Code("loop", "while True: pass"))
    await until(session, lambda s: s.running == "loop")
    await session.restart()
    snapshot = await run_cell(session, "1", "b")
    assert snapshot.runs["b"].state == "done"
    assert snapshot.lost == ""


async def test_a_check_passes_fails_and_says_why(session: Session) -> None:
    good = Assignment(Code("ex", "def double(x):\n    return 2 * x"), CHECK)
    verdict = await session.check(good)
    assert verdict.passed
    assert verdict.checks == 1
    bad = Assignment(Code("ex", "def double(x):\n    return x + 2"), CHECK)
    verdict = await session.check(bad)
    assert not verdict.passed
    assert verdict.ran
    assert verdict.failure is not None
    assert verdict.failure.expected is not None
    assert verdict.failure.got is not None
    assert "double" in verdict.failure.case


async def test_code_that_crashes_is_not_checked(session: Session) -> None:
    verdict = await session.check(Assignment(Code("ex", "def double(x)\n    return x"), CHECK))
    assert not verdict.passed
    assert not verdict.ran
    assert verdict.problem is not None
    assert verdict.problem.kind == "SyntaxError"


async def test_a_function_that_never_returns_does_not_hang_the_check(session: Session) -> None:
    stuck = Assignment(Code("ex", "def double(x):\n    while True: pass"), CHECK, timeout=1.0)
    verdict = await session.check(stuck)
    assert not verdict.passed
    assert verdict.problem is not None
    assert "double" in verdict.problem.message
    snapshot = await run_cell(session, "'alive'", "after")
    assert snapshot.runs["after"].value == "'alive'"


async def test_leaving_during_the_check_is_no_pass(session: Session) -> None:
    source = "import os\ndef double(x):\n    os._exit(0)"
    verdict = await session.check(Assignment(Code("ex", source), CHECK))
    assert not verdict.passed
    assert verdict.problem is not None
    snapshot = await run_cell(session, "'alive'", "after")
    assert snapshot.runs["after"].value == "'alive'"


async def test_a_fresh_check_replays_the_earlier_cells_and_no_others(session: Session) -> None:
    await run_cell(session, "factor = 3", "elsewhere")
    task = Assignment(
        Code("ex", "def double(x):\n    return factor * x"),
        CHECK,
        fresh=True,
        earlier=(Code("given", "factor = 2"),),
    )
    assert (await session.check(task)).passed
    verdict = await session.check(
        Assignment(Code("ex", "def double(x):\n    return factor * x"), CHECK, fresh=True)
    )
    assert not verdict.passed


async def test_a_broken_check_is_the_lessons_fault(session: Session) -> None:
    task = Assignment(Code("ex", "x = 1"), "def check(s):\n    s.no_such_thing()")
    verdict = await session.check(task)
    assert not verdict.passed
    assert verdict.broken


async def test_a_device_that_is_not_there_is_named_with_what_is(tmp_path) -> None:
    found = (Device("cuda", 0, "RTX", 8 << 30), Device("cpu", 0, "CPU", 16 << 30))
    assert choose("", found).kind == "cuda"
    assert choose("cpu", found).name == "CPU"
    with pytest.raises(SessionError, match=r"mps.*not here.*cuda \(RTX\), cpu \(CPU\)"):
        choose("mps", found)
    session = Session(SessionSettings(tmp_path / "scratch", device="xpu"))
    with pytest.raises(SessionError, match="'xpu' was asked for but is not here"):
        await session.start()
    assert session.snapshot.phase != "ready"
    await session.close()


async def test_an_unused_worker_makes_room_for_one_that_has_loaded_more(tmp_path) -> None:
    session = Session(SessionSettings(tmp_path / "scratch", device="cpu"))
    await session.start()
    try:
        early, before = session._worker, session.snapshot.generation
        source = session._zygote._source
        assert isinstance(source, ForkServer)
        await source.extras_loaded.wait()  # a second after the start, beside the reader
        loaded = "import sys; 'torch._dynamo' in sys.modules"
        snapshot = await run_cell(session, loaded)
        assert session._worker is not early
        assert snapshot.runs["cell"].value == "True"
        assert snapshot.lost == ""
        assert snapshot.generation == before
        used = session._worker
        await run_cell(session, loaded, "again")
        assert session._worker is used
    finally:
        await session.close()


OPTIMIZERS = '''
def check_step(s):
    """it steps as SGD does"""
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    torch.optim.lr_scheduler.StepLR(torch.optim.Adam([w.detach()]), 3)
    (w**2).sum().backward()
    optimizer.step()
    s.close(s.function("step")(torch.ones(2)), w.detach())
'''


async def test_a_check_may_use_optimizers_as_its_reference(session: Session) -> None:
    code = Code("ex", "def step(w): return w - 0.1 * 2 * w")
    verdict = await session.check(Assignment(code, OPTIMIZERS))
    assert verdict.broken == ""
    assert verdict.passed
