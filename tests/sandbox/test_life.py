"""Starting, restarting and ending: nothing leaks, nothing survives, a lost zygote is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.boxes import Box, open_box, run_in
from tests.sandbox.outside import Outside
from tests.sandbox.processes import descriptors, eventually, is_alive, zombies_below
from tutor.sandbox.isolation import Unavailable
from tutor.sandbox.platform import choose
from tutor.session.api import SessionError, SessionSettings
from tutor.session.usage import descendants
from tutor.session.zygote import Zygote

FROM_OUTSIDE = """
import asyncio, sys
from pathlib import Path
from tutor.session.api import SessionSettings
from tutor.session.zygote import Zygote
from tutor.wire.messages import RunCell

async def main():
    zygote = Zygote()
    scratch, tier = Path(sys.argv[1]), sys.argv[2]
    await zygote.start(SessionSettings(scratch, tier=tier, extras=False))
    connection = await zygote.spawn("worker", device="cpu")
    connection.on_output = lambda data: print(data.decode(), flush=True)
    code = '''
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
print("running", flush=True)
while True: pass
'''
    connection.send(RunCell(1, "cell", code))
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_fifty_restarts_leak_nothing(any_box: Box) -> None:
    await any_box.run("print('first')")
    root = any_box.root
    temporary = any_box.outside.scratch / ".tmp"
    assert await eventually(lambda: not list(temporary.iterdir()))
    assert await eventually(lambda: not zombies_below(root))
    before = descriptors(), len(descendants(root))
    for number in range(50):
        run = await any_box.run(f"tempfile.mkdtemp(); print({number}); open('f', 'w').close()")
        assert run.output == f"{number}\n"
    assert await eventually(lambda: descriptors() == before[0])
    assert await eventually(lambda: len(descendants(root)) <= before[1])
    assert await eventually(lambda: not list(temporary.iterdir()))


@pytest.mark.parametrize("tier", ["strong", "good", "process-only"])
async def test_nothing_survives_a_killed_app(tier: str, tmp_path: Path) -> None:
    try:
        choose().detect(tier)
    except Unavailable as why:
        pytest.skip(str(why))
    app = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FROM_OUTSIDE, str(tmp_path / "scratch"), tier, stdout=subprocess.PIPE
    )
    assert app.stdout is not None
    line = await asyncio.wait_for(app.stdout.readline(), 30)
    assert line == b"running\n"
    started = descendants(app.pid)
    assert len(started) >= 4  # zygote, monitor, worker, daemon
    app.kill()
    await app.wait()
    assert await eventually(lambda: not any(map(is_alive, started)))


async def test_a_lost_zygote_is_told_and_replaced(outside: Outside) -> None:
    async with open_box("", outside) as box:
        connection = await box.zygote.spawn("worker", device="cpu")
        closed = asyncio.get_running_loop().create_future()
        connection.on_closed = closed.set_result
        root = box.root
        os.kill(root, signal.SIGKILL)
        reason = await asyncio.wait_for(closed, 10)
        assert reason == "was lost: the warm process behind it has ended"
        assert not box.zygote.alive
        assert await eventually(lambda: not descendants(root))
        run = await box.run("print('again')")
        assert run.output == "again\n"


async def test_extras_arrive_without_holding_up_forks(outside: Outside) -> None:
    zygote = Zygote()
    await zygote.start(SessionSettings(outside.scratch))
    try:
        old = await zygote.spawn("worker", device="cpu")
        slowest = 0.0
        while not zygote.extras:
            began = time.perf_counter()
            await (await zygote.spawn("grader")).kill()
            slowest = max(slowest, time.perf_counter() - began)
            assert old.alive
        assert slowest < 1.0  # importing them takes longer
        new = await zygote.spawn("worker", device="cpu")
        code = "import sys; print('torch._dynamo' in sys.modules)"
        assert (await run_in(new, code)).output == "True\n"
        assert (await run_in(old, code)).output == "False\n"
        await old.kill()
        await new.kill()
    finally:
        await zygote.close()


async def test_a_closed_zygote_spawns_no_more(outside: Outside) -> None:
    zygote = Zygote()
    await zygote.start(SessionSettings(outside.scratch, extras=False))
    connection = await zygote.spawn("worker", device="cpu")
    before = descriptors()
    await zygote.close()
    await zygote.close()
    assert not connection.alive
    assert connection.reason == "was ended with the session"
    assert descriptors() < before
    with pytest.raises(SessionError, match="closed"):
        await zygote.spawn("worker")


async def test_a_child_that_cannot_start_says_why(outside: Outside) -> None:
    zygote = Zygote({"worker": "tutor.no_such_module"})
    await zygote.start(SessionSettings(outside.scratch, extras=False))
    try:
        with pytest.raises(SessionError, match=r"could not be started .*no_such_module"):
            await zygote.spawn("worker")
    finally:
        await zygote.close()


async def test_a_tier_that_is_not_there_is_an_error(outside: Outside) -> None:
    with pytest.raises(SessionError, match="'perfect' was asked for"):
        await Zygote().start(SessionSettings(outside.scratch, tier="perfect"))


async def test_parallel_regions_work_in_children(box: Box) -> None:
    """A zygote that had entered one would make every child hang in its first."""
    run = await box.run(
        """
x = torch.rand(1500, 1500, requires_grad=True)
(x @ x).mean().exp().backward()
print(torch.get_num_threads(), x.grad.shape == x.shape)
""",
        threads=2,
    )
    assert run.output == "2 True\n"


async def test_restarts_do_not_repeat_random_numbers(box: Box) -> None:
    code = "import random, numpy\nprint(torch.rand(1).item(), random.random(), numpy.random.rand())"
    first, second = (await box.run(code)).output, (await box.run(code)).output
    assert not set(first.split()) & set(second.split())


@pytest.mark.parametrize("tier", ["good", "process-only"])
async def test_warm_spares_work_where_forking_is_unsafe(outside: Outside, tier: str) -> None:
    before = descriptors()
    async with open_box(tier, outside, fork=False) as box:
        run = await box.run("print('spare'); import sys; print('err', file=sys.stderr)")
        assert run.output == "spare\nerr\n"
        run = await box.run("ctypes.string_at(0)")
        assert run.lost == "crashed: segmentation fault (SIGSEGV)"
        run = await box.run(f"print(read({str(outside.home / '.ssh/id_rsa')!r}))")
        assert (run.failed is not None) is (tier == "good")
    assert await eventually(lambda: descriptors() <= before + 1)
