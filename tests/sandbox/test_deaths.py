"""However a worker ends, the app hears why in plain words, nothing survives, and the next works."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.sandbox.boxes import Box, run_in
from tests.sandbox.processes import eventually, running_below, zombies_below
from tutor.session.deaths import reason_for
from tutor.session.usage import descendants, find_inside

ENDS = {
    "exit code 0": ("os._exit(0)", "ended itself with exit code 0"),
    "exit code 3": ("os._exit(3)", "ended itself with exit code 3"),
    "segfault": ("ctypes.string_at(0)", "crashed: segmentation fault (SIGSEGV)"),
    "abort": ("libc.abort()", "crashed: it aborted itself (SIGABRT)"),
    "kills itself": ("os.kill(os.getpid(), signal.SIGKILL)", "was killed (SIGKILL)"),
    "closes everything": (
        "os.closerange(0, 1024)\nwhile True: time.sleep(1)",
        "closed its connection to the app",
    ),
    "garbage on the wire": (
        "os.write(900, b'\\xff' * 64)\nwhile True: time.sleep(1)",
        "broke the protocol: bad frame lengths",
    ),
    "a message of the app": (
        """
import json, struct
header = json.dumps({'t': 'RunCell', 'run': 1, 'block': 'b', 'source': ''}).encode()
os.write(900, struct.pack('<II', len(header), 0) + header)
while True: time.sleep(1)
""",
        "broke the protocol: bad message",
    ),
    "nested without end": (
        """
import struct
header = b'[' * 100_000
os.write(900, struct.pack('<II', len(header), 0) + header)
while True: time.sleep(1)
""",
        "broke the protocol: bad message",
    ),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda name: name.replace(" ", "_"))
async def test_an_end_is_told_in_plain_words(box: Box, end: str) -> None:
    code, words = ENDS[end]
    run = await box.run("print('before')\n" + code)
    assert run.lost.startswith(words)
    assert run.output == "before\n"
    assert (await box.run("print('next')")).output == "next\n"


async def test_what_was_printed_last_arrives(box: Box) -> None:
    """C code, Python and a child process on one pipe, in order, up to the crash."""
    run = await box.run("""
print('one'); libc.puts(b'two'); libc.fflush(None)
subprocess.run(['/bin/echo', 'three'])
print('four', file=sys.stderr)
os.write(1, b'five\\n')
os._exit(1)
""")
    assert run.output.split() == ["one", "two", "three", "four", "five"]


async def test_38_a_daemon_does_not_outlive_its_worker(any_box: Box) -> None:
    """Double fork, a session of its own, the parent-death signal cleared, all signals ignored."""
    connection = await any_box.zygote.spawn("worker", device="cpu")
    run = await run_in(
        connection,
        any_box.program("""
if os.fork() == 0:
    os.setsid(); libc.prctl(1, 0)
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    if os.fork() == 0:
        os.execv('/bin/sleep', ['sleep', '98765.25'])
    os._exit(0)
time.sleep(0.3)
print('started')
"""),
    )
    root = any_box.root
    assert run.output == "started\n"
    assert running_below(root, "98765.25")
    await connection.kill()
    assert not running_below(root, "98765.25")
    assert await eventually(lambda: not zombies_below(root))


async def test_a_worker_that_ignores_everything_is_killed(box: Box) -> None:
    connection = await box.zygote.spawn("worker", device="cpu")
    running = asyncio.ensure_future(
        run_in(
            connection,
            box.program("""
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('armoured', flush=True)
while True: pass
"""),
        )
    )
    await eventually(lambda: connection.busy)
    connection.interrupt()
    await connection.kill()
    run = await running
    assert run.lost == "was ended"
    assert not connection.alive


async def test_interrupt_reaches_a_cell_that_waits_for_a_child(box: Box) -> None:
    connection = await box.zygote.spawn("worker", device="cpu")
    printed = asyncio.Event()
    running = asyncio.ensure_future(
        run_in(connection, box.program("print('go'); subprocess.run(['/bin/sleep', '60'])"))
    )
    await asyncio.sleep(0)
    heard = connection.on_output
    assert heard is not None
    connection.on_output = lambda data: (heard(data), printed.set())[0]
    await asyncio.wait_for(printed.wait(), 10)
    connection.interrupt()
    run = await running
    assert run.finished is not None
    assert run.finished.interrupted
    await connection.kill()


async def test_a_monitor_that_is_killed_takes_its_worker_along(box: Box) -> None:
    connection = await box.zygote.spawn("worker", device="cpu")
    closed = asyncio.get_running_loop().create_future()
    connection.on_closed = closed.set_result
    found = find_inside(box.root, connection.pid)
    assert found is not None
    worker, monitor = found
    os.kill(monitor, signal.SIGKILL)
    assert await asyncio.wait_for(closed, 10) == "was killed (SIGKILL)"
    assert await eventually(lambda: worker not in descendants(box.root))


def test_reasons_name_signals_and_codes() -> None:
    assert reason_for(0) == "ended itself with exit code 0"
    assert reason_for(2 << 8) == "ended itself with exit code 2"
    assert reason_for(signal.SIGBUS) == "crashed: bus error (SIGBUS)"
    assert reason_for(signal.SIGTERM) == "was ended by a signal (SIGTERM)"
    assert reason_for(97 << 8) == "could not be started"
