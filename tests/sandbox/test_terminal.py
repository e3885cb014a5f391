"""What reaches the learner's terminal through the app, and what the app does with traps in the
scratch folder."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import run_cell
from tests.sandbox.attacks.attack import LOOPBACK
from tests.sandbox.boxes import Box, run_in
from tests.sandbox.outside import external_address
from tutor.session.api import SessionSettings
from tutor.session.session import Session

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["strong", "good"])
async def learner(
    request: pytest.FixtureRequest, boxes: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Session]:
    scratch = tmp_path_factory.mktemp("terminal")
    session = Session(SessionSettings(scratch, device="cpu", tier=request.param, extras=False))
    await session.start()
    yield session
    await session.close()


async def _printed(session: Session, code: str) -> list[str]:
    snapshot = await run_cell(session, code)
    return [line.text for line in snapshot.runs["cell"].output.lines]


_ESCAPES = (
    "'\\x1b]52;c;ZXZpbA==\\x07', '\\x1b[2J\\x1b[H', '\\x1b[?1049h', '\\x1b]0;evil\\x07', "
    "'\\x9b31m', '\\u202egnp.exe', '\\x1bP+q\\x1b\\\\', '\\x1b[>c', '\\x07\\x05'"
)


async def test_52_escape_sequences_do_not_reach_the_terminal(
    learner: Session, confined: Box
) -> None:
    code = f"for text in ({_ESCAPES}): print('<' + text + '>')"
    lines = await _printed(learner, code)
    assert len(lines) == 9
    assert not [line for line in lines if CONTROLS.search(line)]
    raw = (await confined.run(code)).output
    assert len(CONTROLS.findall(raw)) >= 9  # the control: the worker did send them


async def test_52_nor_through_values_and_errors(learner: Session) -> None:
    code = f"class Evil:\n    def __repr__(self): return repr(0) + ''.join([{_ESCAPES}])\nEvil()"
    snapshot = await run_cell(learner, code)
    assert snapshot.runs["cell"].value.startswith("0")
    assert not CONTROLS.search(snapshot.runs["cell"].value)
    snapshot = await run_cell(learner, f"raise ValueError(''.join([{_ESCAPES}]))")
    problem = snapshot.runs["cell"].problem
    assert problem is not None
    assert not CONTROLS.search(problem.message)


async def test_53_a_flood_is_kept_in_part(learner: Session) -> None:
    snapshot = await run_cell(learner, "for number in range(200_000): print(number)")
    output = snapshot.runs["cell"].output
    assert output.total_lines >= 200_000
    assert len(output.lines) < 20_000
    assert output.lines[0].text == "0"
    assert output.lines[-1].text == "199999"
    assert any("lines dropped" in line.text for line in output.lines)


async def test_54_a_line_without_end_is_kept_in_part(learner: Session) -> None:
    lines = await _printed(learner, "print('x' * 30_000_000)")
    assert sum(map(len, lines)) < 1_000_000


async def test_55_what_c_code_writes_is_caught(learner: Session) -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.printf(b'C says %d\\n', 42); libc.fflush(None); os.write(2, b'and so do I\\n')
"""
    assert await _printed(learner, code) == ["C says 42", "and so do I"]


async def test_56_bytes_that_are_no_text_are_shown_somehow(learner: Session) -> None:
    lines = await _printed(learner, "import os; os.write(1, bytes(range(128, 256)) + b'\\n')")
    assert len(lines) == 1
    assert not CONTROLS.search(lines[0])


async def test_49_traps_in_scratch_lead_the_app_nowhere(confined: Box) -> None:
    """Links and pipes in the place of what the app makes, looks at and removes."""
    outside = confined.outside
    outside.reset()
    victim = outside.home / "elsewhere"
    code = """
import shutil
shutil.rmtree('.tmp'); os.symlink(HOME + '/elsewhere', '.tmp')
os.symlink('/', 'everything'); os.mkfifo('pipe'); os.symlink('loop', 'loop')
"""
    connection = await confined.spawn()
    number = confined.zygote._last
    (victim / str(number + 1)).mkdir()
    (victim / str(number + 1) / "precious").write_text("kept")
    run = await run_in(connection, confined.program(code))
    await connection.kill()
    assert run.failed is None, run.failed
    try:
        assert (await confined.run("print('next')")).output == "next\n"
        assert (victim / str(number + 1) / "precious").read_text() == "kept"
        assert sorted(path.name for path in victim.iterdir()) == [str(number + 1), "note.txt"]
        assert not (outside.scratch / ".tmp").is_symlink()
    finally:
        (victim / str(number + 1) / "precious").unlink()
        (victim / str(number + 1)).rmdir()
        for name in ("everything", "pipe", "loop"):
            (outside.scratch / name).unlink()
        outside.reset()


LISTENERS = {
    "bind to everywhere": "it = socket.socket(); it.bind(('0.0.0.0', 0)); it.listen()",
    "bind to everywhere by IPv6": "it = socket.socket(socket.AF_INET6); it.bind(('::', 0)); it.listen()",  # noqa: E501
    "listen without an address": "it = socket.socket(); it.listen()",
}


@pytest.mark.parametrize("how", LISTENERS)
async def test_18_nobody_beyond_this_computer_reaches_a_port(any_box: Box, how: str) -> None:
    address = external_address()
    if not address:
        pytest.skip("this computer has no network")
    connection = await any_box.spawn(**LOOPBACK)
    code = f"{LISTENERS[how]}; print(it.getsockname()[1], flush=True); it.accept()"
    printed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(run_in(connection, any_box.program(code)))
    await asyncio.sleep(0)

    def heard(data: bytes) -> None:
        if not printed.done():
            printed.set_result(int(data))

    connection.on_output = heard
    try:
        port = await asyncio.wait_for(printed, 20)
        reached = socket.socket()
        reached.settimeout(3)
        with reached:
            assert (reached.connect_ex((address, port)) == 0) is not any_box.confined
    finally:
        await connection.kill()
        await running


def test_the_app_reads_no_file_of_the_scratch_folder() -> None:
    """Whatever learner code writes there reaches the app through the worker's channel alone."""
    package = Path(__file__).parents[2] / "tutor"
    users = {
        path.relative_to(package).as_posix()
        for folder in ("ui", "session", "progress")
        for path in (package / folder).rglob("*.py")
        if re.search(r"scratch.*\.(open|read_text|read_bytes)\(", path.read_text())
    }
    assert users == set()
