"""Five attacks, tried for real in a throwaway worker: what the sandbox refuses here and now."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.session.api import SessionError
from tutor.session.connection import Connection
from tutor.session.zygote import Zygote
from tutor.text import sanitize
from tutor.wire.messages import CellFailed, CellFinished, RunCell

_TIMEOUT = 30.0
_ATTEMPTS = """
import json as _json, os as _os, signal as _signal, socket as _socket
def _attempt(action):
    try:
        action()
    except OSError as error:
        return [True, error.strerror or type(error).__name__]
    return [False, 'it succeeded']
def _read(path):
    with open(path, 'rb') as file:
        if not file.read(1): raise OSError(2, 'it looked empty')
def _write(path):
    with open(path, 'wb') as file: file.write(b'x')
def _connect(port):
    _socket.create_connection(('127.0.0.1', port), 3).close()
def _look(folder):
    if not _os.path.isdir(folder): return _read(folder)
    for name in _os.listdir(folder):
        with contextlib.suppress(IsADirectoryError): _read(_os.path.join(folder, name))
    if not _os.listdir(folder): raise OSError(2, 'it looked empty')
import contextlib
print(MARK + _json.dumps([
    _attempt(lambda: _read(FILE)),
    _attempt(lambda: _write(NEW)),
    _attempt(lambda: _connect(PORT)),
    _attempt(lambda: _os.kill(APP, 0)),
    _attempt(lambda: _look(HIDDEN)),
]))
"""
_MARK = "selftest:"


@dataclass(frozen=True, slots=True)
class Trial:
    """One attack. denied: it did not reach its goal. how: in what way it ended, in few words."""

    name: str
    denied: bool
    how: str


NAMES = (
    "read a file of yours",
    "write outside the scratch folder",
    "connect to a program on this computer",
    "signal the app",
    "read the hidden lessons",
)


async def self_test(zygote: Zygote) -> tuple[Trial, ...]:
    """Try all of `NAMES`, in this order. `zygote` has been started; it may be a session's own.
    Nothing of the user's is touched: the file, the program that listens and, where the course
    hides nothing, the hidden folder are made for this and removed.

    Raises:
        SessionError: the throwaway worker could not be started, or did not come to an end.
    """
    with tempfile.TemporaryDirectory(prefix="torch-tutor-", dir=_home()) as name:
        folder = Path(name)
        (folder / "private.txt").write_text("private")
        hidden = zygote.hidden or (str(folder),)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            facts = {
                "FILE": str(folder / "private.txt"),
                "NEW": str(folder / "new.txt"),
                "PORT": listener.getsockname()[1],
                "APP": os.getpid(),
                "HIDDEN": hidden[0],
                "MARK": _MARK,
            }
            async with _worker(zygote) as connection:
                told = await _run(connection, facts)
        written = (folder / "new.txt").exists()
    return trials(told, written=written)


def trials(told: str, *, written: bool) -> tuple[Trial, ...]:
    """Read what the worker printed; `written`: the file that it should not write is there.

    Raises:
        SessionError: it is not the report of five attempts.
    """
    line = next((line for line in told.splitlines() if line.startswith(_MARK)), _MARK)
    with contextlib.suppress(ValueError, TypeError):
        report = json.loads(line.removeprefix(_MARK))
        found = [
            Trial(name, denied is True, sanitize(str(how)))
            for name, (denied, how) in zip(NAMES, report, strict=True)
        ]
        if written:
            found[1] = Trial(NAMES[1], False, "the file is there")
        return tuple(found)
    raise SessionError("The worker that tried the sandbox did not say how it went.")


def _home() -> str | None:
    """A folder that belongs to the user and to no other program; None = the usual one for
    temporary files."""
    home = Path.home()
    return str(home) if os.access(home, os.W_OK | os.X_OK) else None


@asynccontextmanager
async def _worker(zygote: Zygote) -> AsyncIterator[Connection]:
    connection = await zygote.spawn("worker", device="cpu")
    try:
        yield connection
    finally:
        await connection.kill()


async def _run(connection: Connection, facts: dict[str, Any]) -> str:
    """What the attempts printed."""
    source = "".join(f"{name} = {value!r}\n" for name, value in facts.items()) + _ATTEMPTS
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    output = bytearray()
    reason = ""

    def end(why: str = "") -> None:
        nonlocal reason
        reason = reason or why
        if not over.done():
            over.set_result(None)

    def heard(message: Any, body: bytes) -> None:
        if isinstance(message, CellFailed):
            end(f"failed: {message.kind}")
        elif isinstance(message, CellFinished):
            connection.drain_output()
            end()

    connection.on_message, connection.on_output = heard, output.extend
    connection.on_closed = end
    connection.send(RunCell(1, "selftest", source))
    try:
        await asyncio.wait_for(over, _TIMEOUT)
    except TimeoutError:
        reason = "did not come to an end"
    if reason:
        raise SessionError(f"The worker that tried the sandbox {reason}.")
    return output.decode("utf-8", "replace")
