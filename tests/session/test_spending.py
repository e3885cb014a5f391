"""Limits come from the settings, else from the size of the machine, and reach the worker."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from tests.conftest import run_cell
from tutor.session.api import SessionSettings
from tutor.session.session import Session
from tutor.session.spending import Means, Spending, decide

GIB = 1 << 30
SMALL = Means(cores=2, memory=4 * GIB, disk_free=3 * GIB)
LARGE = Means(cores=64, memory=256 * GIB, disk_free=4000 * GIB)


def test_defaults_grow_with_the_machine() -> None:
    small, large = decide(SessionSettings(Path()), SMALL), decide(SessionSettings(Path()), LARGE)
    for name in ("memory", "threads", "processes", "disk"):
        assert getattr(small, name).value < getattr(large, name).value, name
    assert small.memory.value < SMALL.memory
    assert small.disk.value < SMALL.disk_free
    for spending in (small, large):
        assert spending.file_size.value <= spending.disk.value
        for field in fields(Spending):
            limit = getattr(spending, field.name)
            assert limit.why
            assert not limit.chosen


def test_what_was_set_holds_whatever_the_machine() -> None:
    settings = SessionSettings(
        Path(),
        threads=7,
        memory_bytes=GIB,
        processes=11,
        disk_bytes=13,
        file_bytes=17,
        output_bytes=19,
    )
    for means in (SMALL, LARGE, Means(1, 0, 0)):
        spending = decide(settings, means)
        values = [getattr(spending, field.name) for field in fields(Spending)]
        assert [limit.value for limit in values] == [GIB, 7, 11, 13, 17, 19]
        assert all(limit.chosen for limit in values)


def test_a_machine_that_tells_nothing_still_gets_limits() -> None:
    spending = decide(SessionSettings(Path()), Means(1, 0, 0))
    assert spending.memory.value == 0
    assert "not known" in spending.memory.why
    assert spending.disk.value > 0


async def test_each_limit_reaches_the_worker(tmp_path: Path) -> None:
    session = Session(
        SessionSettings(
            tmp_path / "scratch",
            device="cpu",
            threads=2,
            memory_bytes=GIB,
            processes=20,
            disk_bytes=60 << 20,
            file_bytes=5 << 20,
            output_bytes=20 << 10,
            extras=False,
        )
    )
    await session.start()
    try:
        snapshot = await run_cell(session, "open('f', 'wb').write(bytes(9 << 20))", "file")
        problem = snapshot.runs["file"].problem
        assert problem is not None
        assert problem.advice == "A single file may be at most 5.0 MiB here."

        snapshot = await run_cell(session, "print(torch.get_num_threads())", "threads")
        assert snapshot.runs["threads"].output.lines[0].text == "2"

        snapshot = await run_cell(session, "bytearray(2 << 30)", "memory")
        problem = snapshot.runs["memory"].problem
        assert problem is not None
        assert "1.0 GiB" in problem.advice

        snapshot = await run_cell(session, "for n in range(9999): print('x' * 20)", "output")
        kept = sum(len(line.text) for line in snapshot.runs["output"].output.lines)
        assert 10 << 10 < kept < 21 << 10

        many = "for n in range(99): open(f'f{n}', 'wb').write(b'x' * (4 << 20))\nwhile True: pass"
        snapshot = await run_cell(session, many, "disk")
        problem = snapshot.runs["disk"].problem
        assert problem is not None
        assert "of disk, the limit is 60.0 MiB" in problem.message
        await run_cell(
            session,
            "import os\nfor n in range(99): os.path.exists(f'f{n}') and os.remove(f'f{n}')",
            "away",
        )

        bomb = "import os, time\nfor n in range(40): os.fork() or time.sleep(60)\ntime.sleep(60)"
        snapshot = await run_cell(session, bomb, "processes")
        problem = snapshot.runs["processes"].problem
        assert problem is not None
        assert "more than 20 processes" in problem.message
    finally:
        await session.close()
