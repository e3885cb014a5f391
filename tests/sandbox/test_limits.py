"""Bombs of every kind end with the limit named, and leave the app and the next worker alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import run_cell, until
from tests.sandbox.boxes import LOW_LIMITS, Box, open_box, run_in
from tests.sandbox.outside import Outside
from tests.sandbox.processes import eventually
from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session
from tutor.session.usage import Usage, descendants, exact_memory, usage_of
from tutor.session.watchdog import Disk, Limits, breach, disk_breach, disk_use, grew


async def test_a_fork_bomb_ends_with_the_number(confined: Box) -> None:
    run = await confined.run("""
while True:
    try: os.fork()
    except OSError: time.sleep(0.01)
""")
    assert run.lost == "was ended: it ran more than 60 processes, the limit"
    # What is left: at most the launcher's two processes and the warm one.
    assert await eventually(lambda: len(descendants(confined.root)) <= 2)
    assert (await confined.run("print('next')")).output == "next\n"


async def test_memory_beyond_the_limit_is_an_error_in_the_cell(confined: Box) -> None:
    run = await confined.run("torch.ones(1 << 32)\n")
    assert run.failed is not None
    assert run.failed.kind == "RuntimeError"
    assert "allocate" in run.failed.message
    assert not run.lost


async def test_memory_over_many_processes_ends_with_the_amount(confined: Box) -> None:
    run = await confined.run("""
for _ in range(8):
    if os.fork() == 0:
        blocks = []
        while True:
            blocks.append(b'x' * (16 << 20)); time.sleep(0.02)
time.sleep(60)
""")
    assert run.lost.startswith("was ended: it used 1.")
    assert run.lost.endswith("of memory, the limit is 1.0 GiB")


async def test_pages_shared_by_forks_count_once(confined: Box) -> None:
    """Four processes over one block of 400 MiB are not 2 GiB."""
    run = await confined.run("""
block = b'x' * (400 << 20)
children = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        time.sleep(1); os._exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
print('all well')
""")
    assert run.output == "all well\n", run.lost


async def test_one_huge_file_stops_at_its_limit(confined: Box) -> None:
    run = await confined.run(
        """
try:
    with open('huge', 'wb') as file:
        for _ in range(100): file.write(bytes(1 << 20))
except OSError as error: print(error.strerror)
finally: os.unlink('huge')
""",
        file_bytes=50 << 20,
    )
    assert run.output == "File too large\n"


async def test_many_files_end_with_the_amount(confined: Box) -> None:
    run = await confined.run("""
for number in range(10_000):
    with open(f'f{number}', 'wb') as file: file.write(bytes(1 << 20))
    time.sleep(0.001)
""")
    assert run.lost.startswith("was ended: its files took")
    await confined.run("for name in os.listdir(): name[0] == 'f' and os.unlink(name)")


_TOO_MANY = "for _ in range(90): os.fork() or time.sleep(60) or os._exit(0)\ntime.sleep(60)"
_TOO_MUCH = "blocks = []\nwhile True: blocks.append(b'x' * (16 << 20)); time.sleep(0.02)"
_TOO_FULL = "for n in range(2000): open(f'bomb-{n}', 'w').close()\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("tier", "bombs"),
    [
        ("", {_TOO_MANY: "more than 60 processes", _TOO_FULL: "more than 1000 files"}),
        ("process-only", {_TOO_MUCH: "of memory, the limit is 1.0 GiB"}),
    ],
    ids=["the best tier", "no tier"],
)
async def test_limits_hold_where_workers_are_promoted_spares(
    outside: Outside, tier: str, bombs: dict[str, str]
) -> None:
    try:
        async with open_box(tier, outside, fork=False, limits=LOW_LIMITS) as box:
            for bomb, words in bombs.items():
                run = await box.run(bomb, processes=0, data_bytes=0)
                assert words in run.lost, run
    finally:
        for left in outside.scratch.glob("bomb-*"):
            left.unlink()


async def test_a_print_flood_leaves_the_loop_free(confined: Box) -> None:
    loop = asyncio.get_running_loop()
    worst = 0.0
    over = False

    async def tick() -> None:
        nonlocal worst
        while not over:
            began = loop.time()
            await asyncio.sleep(0.005)
            worst = max(worst, loop.time() - began - 0.005)

    ticking = asyncio.ensure_future(tick())
    connection = await confined.zygote.spawn("worker", device="cpu")
    run = await run_in(connection, "for number in range(300_000): print(number)", 60)
    over = True
    await ticking
    await connection.kill()
    assert run.output.count("\n") == 300_000
    assert run.output.endswith("299999\n")
    assert worst < 0.25  # two busy cores; a starved loop would stand for seconds


async def test_a_flood_of_messages_is_taken_in_turns(confined: Box) -> None:
    connection = await confined.zygote.spawn("worker", device="cpu")
    run = await run_in(
        connection,
        """
import json, os, struct
header = json.dumps({'t': 'Displayed', 'run': 7, 'text': 'x'}).encode()
frame = struct.pack('<II', len(header), 0) + header
data = frame * 5000
while data: data = data[os.write(900, data):]
""",
    )
    await connection.kill()
    assert sum(getattr(message, "run", 0) == 7 for message in run.messages) == 5000
    assert run.finished is not None


def test_breaches_are_told_with_numbers() -> None:
    limits = Limits(memory=1 << 30, processes=10, disk=1 << 20, files=5)
    assert breach(Usage(10, 1 << 30), limits) == ""
    assert "10 processes" in breach(Usage(11, 0), limits)
    told = breach(Usage(1, 3 << 30), limits)
    assert told == "was ended: it used 3.0 GiB of memory, the limit is 1.0 GiB"
    assert breach(Usage(10**6, 1 << 50), Limits(0, 0, 0, 0)) == ""
    assert disk_breach(Disk(1 << 20, 5), limits) == ""
    assert "of disk" in disk_breach(Disk(2 << 20, 1), limits)
    assert "5 files" in disk_breach(Disk(0, 6), limits)


def test_a_full_folder_may_be_emptied() -> None:
    assert grew(Disk(2 << 20, 1), Disk(1 << 20, 1))
    assert grew(Disk(1 << 20, 2), Disk(1 << 20, 1))
    assert not grew(Disk(1 << 20, 1), Disk(1 << 20, 1))
    assert not grew(Disk(1 << 20, 1), Disk(2 << 20, 9))
    assert not grew(Disk(2 << 20, 1), None)  # the first look


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def frugal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """A session whose learner may spend little."""
    settings = SessionSettings(
        tmp_path_factory.mktemp("frugal"),
        device="cpu",
        extras=False,
        memory_bytes=500 << 20,
        processes=20,
        disk_bytes=100 << 20,
        file_bytes=30 << 20,
    )
    session = Session(settings)
    await session.start()
    yield session
    await session.close()


STRIKES = {
    "memory": (
        "blocks = [torch.ones(4 << 20) for _ in range(60)]",
        "error",
        "can't allocate memory",
        "It reached the memory limit of 500 MiB. Make the tensors smaller",
    ),
    "processes": (
        "import os, time\nfor _ in range(30):\n    if os.fork() == 0: break\ntime.sleep(30)",
        "lost",
        "The worker was ended: it ran more than 20 processes, the limit.",
        "A fresh worker is ready",
    ),
    "disk": (
        "import time\nfor n in range(200):\n"
        "    with open(f'f{n}', 'wb') as f: f.write(bytes(1 << 20))\n"
        "    time.sleep(0.02)",
        "lost",
        "of disk, the limit is 100 MiB; delete some before you write more.",
        "A fresh worker is ready",
    ),
    "a file": (
        "with open('big', 'wb') as f:\n    for _ in range(60): f.write(bytes(1 << 20))",
        "error",
        "File too large",
        "A single file may be at most 30.0 MiB here.",
    ),
}


@pytest.mark.parametrize("limit", STRIKES)
async def test_a_limit_says_what_happened_and_what_to_do(frugal: Session, limit: str) -> None:
    code, state, what, advice = STRIKES[limit]
    snapshot = await run_cell(frugal, code)
    run = snapshot.runs["cell"]
    assert run.state == state
    assert run.problem is not None
    assert what in run.problem.message
    assert run.problem.advice.startswith(advice)
    empty = "import os\nfor name in os.listdir(): name.startswith(('f', 'b')) and os.unlink(name)"
    snapshot = await run_cell(frugal, empty + "\nprint('goes on')")  # in a full folder, too
    assert [line.text for line in snapshot.runs["cell"].output.lines] == ["goes on"]


async def test_a_time_limit_says_what_happened_and_what_to_do(frugal: Session) -> None:
    frugal.run(Code("clock", "while True: pass", timeout=0.3))
    snapshot = await until(
        frugal, lambda now: "clock" in now.runs and now.runs["clock"].problem is not None
    )
    problem = snapshot.runs["clock"].problem
    assert problem is not None
    assert "the time limit, and was stopped" in problem.message
    assert "Look for a loop that never ends" in problem.advice


async def test_output_beyond_its_limit_is_counted(frugal: Session) -> None:
    snapshot = await run_cell(frugal, "for _ in range(100_000): print('x' * 20)")
    output = snapshot.runs["cell"].output
    assert output.dropped > 0
    assert any(f"{output.dropped:,} lines dropped" in line.text for line in output.lines)


def test_disk_use_follows_no_links(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/file").write_bytes(bytes(10_000))
    (tmp_path / "link").symlink_to("/usr")
    seen = disk_use(str(tmp_path))
    assert seen.files == 3
    assert 10_000 <= seen.size < 100_000


def test_usage_sees_this_very_process() -> None:
    usage = usage_of(os.getppid())
    assert os.getpid() in usage.pids
    assert usage.memory > 1 << 20
    assert 0 < exact_memory(usage).memory <= usage.memory * 1.1 + (10 << 20)
