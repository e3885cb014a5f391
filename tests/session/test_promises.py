"""What a session promises whatever the learner's code does: a real worker, a real sandbox."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from tests.conftest import run_cell, until
from tutor.session.api import Assignment, Code
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot

MIB = 1 << 20


def shown(snapshot: Snapshot, block: str = "cell") -> list[str]:
    return [line.text for line in snapshot.runs[block].output.lines]


# ---------------------------------------------------------------- stopping


async def test_an_interrupt_is_an_exception_in_the_code_and_names_survive(
    session: Session,
) -> None:
    generation = session.snapshot.generation
    source = """
import time
kept, seen = 0, False
try:
    print("running")
    while True:
        kept += 1
        time.sleep(0.001)
except KeyboardInterrupt:
    seen = True
"""
    session.run(Code("loop", source))
    await until(session, lambda s: "loop" in s.runs and bool(s.runs["loop"].output.lines))
    session.interrupt()
    snapshot = await until(session, lambda s: s.phase == "ready")
    assert snapshot.runs["loop"].state == "done"
    snapshot = await run_cell(session, "seen and kept > 0", "after")
    assert snapshot.runs["after"].value == "True"
    assert snapshot.generation == generation


@pytest.mark.parametrize(
    "source",
    [
        "import time; print('on'); time.sleep(3600)",
        "print('on')\nwhile True: print('x' * 50)",
        "print('on')\nwhile True: torch.randn(64, 64) @ torch.randn(64, 64)",
        "import threading; print('on'); threading.Event().wait()",
        "import subprocess; print('on', flush=True); subprocess.run(['sleep', '3600'])",
        "print('on')\nwhile True:\n    try: torch.ones(2, 3) @ torch.ones(2)\n"
        "    except RuntimeError: 0",
    ],
    ids=["sleeping", "printing", "multiplying", "waiting", "subprocess", "catching errors"],
)
async def test_whatever_python_does_an_interrupt_stops_it(session: Session, source: str) -> None:
    await run_cell(session, "kept = 41", "before")
    session.run(Code("cell", source))
    await until(session, lambda s: "cell" in s.runs and bool(s.runs["cell"].output.lines))
    session.interrupt()
    snapshot = await until(session, lambda s: s.phase == "ready")
    assert snapshot.runs["cell"].state == "interrupted"
    assert (await run_cell(session, "kept + 1", "after")).runs["after"].value == "42"


async def test_an_interrupt_leaves_no_switch_of_torch_turned(session: Session) -> None:
    """As when it hits between the first and the last line of an optimizer's step."""
    source = """
torch.no_grad().__enter__()
torch.autocast("cpu").__enter__()
raise KeyboardInterrupt
"""
    state = "(torch.is_grad_enabled(), torch.is_autocast_enabled('cpu'))"
    snapshot = await run_cell(session, source)
    assert snapshot.runs["cell"].state == "interrupted"
    assert (await run_cell(session, state, "after")).runs["after"].value == "(True, False)"
    source = "torch.set_grad_enabled(False)\nraise KeyboardInterrupt"
    await run_cell(session, source, "wanted")
    assert (await run_cell(session, state, "after")).runs["after"].value == "(False, False)"


async def test_what_ignores_the_interrupt_is_ended_with_advice(session: Session) -> None:
    source = """
import time
print("on")
while True:
    try:
        while True: time.sleep(0.01)
    except KeyboardInterrupt:
        print("no")
"""
    await run_cell(session, "kept = 1", "before")
    generation = session.snapshot.generation
    session.run(Code("cell", source))
    await until(session, lambda s: "cell" in s.runs and bool(s.runs["cell"].output.lines))
    session.interrupt()
    snapshot = await until(session, lambda s: s.generation > generation and s.phase == "ready")
    assert snapshot.runs["cell"].state == "lost"
    problem = snapshot.runs["cell"].problem
    assert problem is not None
    assert "run all above" in problem.advice
    assert shown(snapshot) == ["on", "no"]
    problem = (await run_cell(session, "kept", "after")).runs["after"].problem
    assert problem is not None
    assert problem.kind == "NameError"


# ---------------------------------------------------------------- dying


async def test_a_worker_that_dies_while_idle_is_noticed_and_replaced(session: Session) -> None:
    generation = session.snapshot.generation
    await run_cell(session, "import os, threading\nthreading.Timer(0.2, os._exit, (3,)).start()")
    snapshot = await until(session, lambda s: s.generation > generation and s.phase == "ready")
    assert "exit code 3" in snapshot.lost
    assert snapshot.runs["cell"].state == "done"
    assert (await run_cell(session, "1 + 1", "next")).runs["next"].value == "2"


async def test_a_worker_that_dies_during_a_check_elsewhere_is_replaced(session: Session) -> None:
    generation = session.snapshot.generation
    await run_cell(session, "import os, threading\nthreading.Timer(0.2, os._exit, (3,)).start()")
    slow = "import time\ntime.sleep(1)\nx = 1"
    check = 'def check_x(s):\n    """x is 1"""\n    s.close(s.value("x"), 1)'
    verdict = await session.check(Assignment(Code("ex", slow), check, fresh=True))
    assert verdict.ran
    snapshot = await until(session, lambda s: s.generation > generation and s.phase == "ready")
    assert "exit code 3" in snapshot.lost


@pytest.mark.parametrize(
    "source",
    [
        "def f(n): return f(n + 1)\nf(0)",
        "import sys\nsys.setrecursionlimit(300_000)\ndef f(n): return f(n + 1)\nf(0)",
        "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
    ],
    ids=["limited", "very deep", "in C"],
)
async def test_deep_recursion_ends_the_cell_and_no_more(session: Session, source: str) -> None:
    snapshot = await run_cell(session, source)
    assert snapshot.runs["cell"].state in ("error", "lost")
    assert snapshot.runs["cell"].problem is not None
    assert (await run_cell(session, "1 + 1", "next")).runs["next"].value == "2"


# ---------------------------------------------------------------- asking


async def wanted(session: Session, prompt: str) -> Snapshot:
    def asks(snapshot: Snapshot) -> bool:
        return snapshot.input_wanted is not None and snapshot.input_wanted.prompt == prompt

    return await until(session, asks)


async def test_a_password_is_asked_for_and_never_shown(session: Session) -> None:
    session.run(Code("cell", "import getpass\nword = getpass.getpass('Key: ')\nlen(word)"))
    snapshot = await wanted(session, "Key: ")
    assert snapshot.input_wanted is not None
    assert snapshot.input_wanted.secret
    session.answer_input("swordfish")
    snapshot = await until(session, lambda s: s.runs["cell"].state == "done")
    assert snapshot.runs["cell"].value == "9"
    assert shown(snapshot) == ["Key: "]


async def test_two_inputs_in_a_row_each_get_their_own_answer(session: Session) -> None:
    session.run(Code("cell", "a = input('first ')\nb = input('second ')\n(a, b)"))
    await wanted(session, "first ")
    session.answer_input("one")
    session.answer_input("Enter, hit twice")
    await wanted(session, "second ")
    session.answer_input("two")
    snapshot = await until(session, lambda s: s.runs["cell"].state == "done")
    assert snapshot.runs["cell"].value == "('one', 'two')"
    assert shown(snapshot) == ["first one", "second two"]


async def test_no_input_is_the_end_of_the_file(session: Session) -> None:
    session.run(Code("cell", "input('? ')"))
    await wanted(session, "? ")
    session.answer_input(None)
    snapshot = await until(session, lambda s: s.runs["cell"].state == "error")
    problem = snapshot.runs["cell"].problem
    assert problem is not None
    assert problem.kind == "EOFError"


async def test_lines_can_be_read_from_standard_input_until_it_ends(session: Session) -> None:
    session.run(Code("cell", "import sys\n[line for line in sys.stdin]"))
    for count, text in enumerate(("a", "b", None)):

        def asks_anew(snapshot: Snapshot, count: int = count) -> bool:
            return snapshot.input_wanted is not None and len(shown(snapshot)) == count

        await until(session, asks_anew)
        session.answer_input(text)
    snapshot = await until(session, lambda s: s.runs["cell"].state == "done")
    assert snapshot.runs["cell"].value == "['a\\n', 'b\\n']"


async def test_waiting_for_input_can_be_interrupted(session: Session) -> None:
    await run_cell(session, "kept = 42", "before")
    session.run(Code("cell", "input('? ')"))
    await wanted(session, "? ")
    session.interrupt()
    snapshot = await until(session, lambda s: s.phase == "ready")
    assert snapshot.runs["cell"].state == "interrupted"
    assert snapshot.input_wanted is None
    session.answer_input("too late")
    snapshot = await run_cell(session, "(kept, input)[0]", "after")
    assert snapshot.runs["after"].value == "42"


# ---------------------------------------------------------------- printing


async def test_a_progress_bar_shows_its_last_state(session: Session) -> None:
    source = r"""
import sys
for n in range(101):
    sys.stderr.write(f"\r{n:3}%|{'#' * (n // 10):10}| {n}/100")
sys.stderr.write("\n")
print("done")
"""
    snapshot = await run_cell(session, source)
    assert shown(snapshot) == ["100%|##########| 100/100", "done"]


async def test_colours_and_commands_to_the_terminal_leave_only_text(session: Session) -> None:
    source = r"""
import os
for n in range(20_000):
    print(f"\x1b[3{n % 8}mline\x1b[0m \x1b[1;38;5;{n % 256}m{n}\x1b[m")
print("\x1b]0;title\x07\x1b[2J\x1b[H\x1b[?1049hstill here\x1bc\x9b2J")
print("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b]never ended")
print("last\x1b[31")
os.write(1, b"\x1b[3"); os.write(1, b"1mred\x1b"); os.write(1, b"[0m\n")
"""
    snapshot = await run_cell(session, source)
    lines = shown(snapshot)
    assert lines[0] == "line 0"
    assert lines[-5:] == ["line 19999", "still here", "link ", "last", "red"]
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in "".join(lines))
    assert not any("[" in line or "38;5" in line for line in lines)


async def test_bytes_that_are_no_text_are_shown_as_such(session: Session) -> None:
    source = r"""
import os
os.write(1, "ö".encode()[:1]); os.write(1, "ö".encode()[1:])
os.write(1, b"\xff\xfe|\xe2\x82|\xf0\x9f\x98\x80\n\x00|\n")
print("\ud800 alone")
"""
    lines = shown(await run_cell(session, source))
    assert lines == ["ö\ufffd\ufffd|\ufffd|😀", "\ufffd|", "\\ud800 alone"]


@pytest.mark.parametrize(
    "source",
    [
        "import os\nblock = (b'x' * 99 + b'\\n') * 10_000\nfor _ in range(200): os.write(1, block)",
        "import os\nblock = b'y' * 1_000_000\nfor _ in range(100): os.write(1, block)\nprint()",
    ],
    ids=["200 MB of lines", "one line of 100 MB"],
)
async def test_however_much_is_printed_the_app_stays_small(session: Session, source: str) -> None:
    tracemalloc.start()
    try:
        snapshot = await run_cell(session, source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * MIB
    run = snapshot.runs["cell"]
    assert run.state == "done"
    notices = [line.text for line in run.output.lines if line.stream == "notice"]
    assert len(notices) == 1
    assert "dropped" in notices[0]
    assert sum(len(line.text) for line in run.output.lines) < MIB


async def test_all_that_was_printed_is_there_when_the_run_ends(session: Session) -> None:
    source = """
import ctypes, os, subprocess, sys
print("print", end=" ")
sys.stderr.write("error ")
os.write(1, b"bytes ")
subprocess.run(["echo", "child"])
ctypes.CDLL(None).puts(b"from C")
sys.stdout.write("no newline")
"""
    ended = asyncio.Event()
    first_seen: list[list[str]] = []

    def look(snapshot: Snapshot) -> None:
        if not ended.is_set() and snapshot.runs["cell"].state == "done":
            first_seen.append(shown(snapshot))
            ended.set()

    session.run(Code("cell", source))
    unsubscribe = session.subscribe(look)
    await asyncio.wait_for(ended.wait(), 20)
    unsubscribe()
    text = "\n".join(first_seen[0])
    for part in ("print", "error", "bytes", "child", "from C", "no newline"):
        assert part in text


# ---------------------------------------------------------------- left behind


async def test_what_a_thread_prints_later_goes_to_the_cell_that_ran_last(session: Session) -> None:
    source = "import threading\nthreading.Timer(0.2, print, ['late']).start()\nprint('in time')"
    snapshot = await run_cell(session, source, "a")
    assert shown(snapshot, "a") == ["in time"]
    snapshot = await until(session, lambda s: len(s.runs["a"].output.lines) == 2)
    assert shown(snapshot, "a") == ["in time", "late"]
    assert snapshot.runs["a"].state == "done"


async def test_a_thread_that_prints_for_ever_breaks_no_later_run(session: Session) -> None:
    source = """
import threading, time
def chatter():
    while True:
        print("chatter")
        time.sleep(0.001)
threading.Thread(target=chatter, daemon=True).start()
"""
    await run_cell(session, source, "a")
    for number in range(20):
        snapshot = await run_cell(
            session, f"x = torch.ones({number})\nprint('mine')\n{number}", "b"
        )
        run = snapshot.runs["b"]
        assert (run.state, run.value) == ("done", str(number))
        assert "mine" in shown(snapshot, "b")
        assert set(shown(snapshot, "b")) <= {"mine", "chatter", "", "minechatter", "chattermine"}
    check = 'def check_x(s):\n    """x is 1"""\n    s.close(s.value("x"), 1)'
    assert (await session.check(Assignment(Code("ex", "x = 1"), check))).passed
    await session.restart()
    snapshot = await run_cell(session, "1", "quiet")
    assert shown(snapshot, "quiet") == []


async def test_a_child_process_left_running_ends_with_the_worker(session: Session) -> None:
    source = (
        "import subprocess\nchild = subprocess.Popen(['sh', '-c', 'while echo on; do :; done'])"
    )
    await run_cell(session, source, "a")
    await until(session, lambda s: bool(s.runs["a"].output.lines))
    snapshot = await run_cell(session, "child.poll()", "b")
    assert snapshot.runs["b"].state == "done"
    await session.restart()
    snapshot = await run_cell(session, "1", "c")
    assert shown(snapshot, "c") == []
