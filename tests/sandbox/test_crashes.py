"""Code that crashes, hangs or wrecks its process costs that process alone: the app is told how it
ended, and the next worker answers."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.sandbox.boxes import PRELUDE, Box
from tutor.session import worker as worker_module
from tutor.session.api import Code
from tutor.session.worker import Worker


@dataclass(frozen=True)
class Crash:
    """state and words: how the run ends and what the learner is told. plain: what the same code
    does to a process of its own: "dies", or "stays" (it does not come to its end in a second)."""

    code: str
    state: str
    words: str = ""
    plain: str = "dies"


_FORCE = "did not react to the interrupt"
CRASHES = {
    "57 endless loop": Crash("while True: pass", "interrupted", "the time limit", "stays"),
    "58 endless loop that ignores everything": Crash(
        "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "lost", _FORCE, "stays"),
    "59 C code that never looks up": Crash("sum(range(10**12))", "lost", _FORCE, "stays"),
    "60 C++ code that never looks up": Crash("import torch; torch.linalg.eig(torch.randn(3000, 3000))", "lost", _FORCE, "stays"),
    "61 it stops itself": Crash("os.kill(os.getpid(), signal.SIGSTOP); time.sleep(100)", "lost", _FORCE, "stays"),
    "62 segmentation fault": Crash("ctypes.string_at(0)", "lost", "segmentation fault"),
    "63 abort": Crash("libc.abort()", "lost", "aborted itself"),
    "64 os._exit": Crash("os._exit(0)", "lost", "ended itself with exit code 0"),
    "65 sys.exit": Crash("sys.exit('bye')", "error", "bye"),
    "66 deep recursion": Crash("sys.setrecursionlimit(10**8)\ndef f(n): return [f(n + 1)]\nresource.setrlimit(resource.RLIMIT_DATA, (300 << 20, 300 << 20))\nf(0)", "error|lost|interrupted"),
    "67 an error that never prints": Crash("class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()", "lost", _FORCE, "stays"),
    "69 it closes all descriptors": Crash("os.closerange(0, 1024)", "lost", "closed its connection"),
    "71 an object that never goes": Crash("class D:\n    def __del__(self):\n        while True: pass\nx = D(); del x", "interrupted", "", "stays"),
    "72 wrecked builtins": Crash("import builtins; sys.stdout = None; sys.modules.clear(); builtins.len = lambda x: 1 / 0; builtins.repr = None; builtins.isinstance = lambda *a: False; builtins.type = None; del builtins.BaseException, builtins.Exception; len([])", "error|lost"),
    "73 input from nobody": Crash("input('who? ')", "interrupted", "", "dies"),
}  # fmt: skip


@pytest.mark.parametrize("name", CRASHES)
async def test_a_crash_costs_one_worker(
    confined: Box, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = CRASHES[name]
    monkeypatch.setattr(worker_module, "GRACE", 0.5)
    worker = Worker(await confined.spawn())
    try:
        code = Code("cell", confined.program(crash.code), timeout=0.5 if "73" not in name else 0)
        running = asyncio.ensure_future(worker.run(code, 1))
        if "73" in name:
            await asyncio.sleep(0.2)  # nobody answers; the learner stops it
            worker.interrupt()
        outcome = await asyncio.wait_for(running, 20)
    finally:
        await worker.end()
    assert outcome.state in crash.state.split("|"), outcome
    if crash.words:
        assert outcome.problem is not None
        assert crash.words in outcome.problem.message
    assert (await confined.run("print(1 + 1)")).output == "2\n"


@pytest.mark.parametrize("name", CRASHES)
def test_the_same_code_ends_a_process_of_its_own(name: str) -> None:
    """The control: had it run in the app's process, the app would be gone, or hang."""
    crash = CRASHES[name]
    program = f"{PRELUDE}\n{crash.code}\nos.write(1, b'SURVIVED')"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as plain:
        try:
            out, _ = plain.communicate(timeout=1.0 if crash.plain == "stays" else 60.0)
            assert crash.plain == "dies"
            assert b"SURVIVED" not in out
        except subprocess.TimeoutExpired:
            assert crash.plain == "stays"
        finally:
            plain.kill()


async def test_68_a_huge_value_is_shown_in_part(confined: Box) -> None:
    run = await confined.run("'x' * 200_000_000")
    assert run.finished is not None
    assert run.finished.ok
    sizes = [len(getattr(message, "text", "")) for message in run.messages]
    assert 0 < max(sizes) < 100_000


async def test_70_threads_that_go_on_printing_hold_up_nothing(confined: Box) -> None:
    connection = await confined.spawn()
    worker = Worker(connection)
    code = """
import threading
def go_on():
    while True: print('still here'); time.sleep(0.001)
for _ in range(8): threading.Thread(target=go_on).start()
"""
    outcome = await asyncio.wait_for(worker.run(Code("cell", confined.program(code)), 1), 10)
    assert outcome.state == "done"
    assert (await asyncio.wait_for(worker.run(Code("cell", "1 + 1"), 2), 10)).state == "done"
    await asyncio.wait_for(worker.end(), 5)
    assert not connection.alive
