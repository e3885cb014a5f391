"""Scripts run for real: one warm session, a fresh sandboxed process for each script."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import until
from tutor.script.place import Place, place_of
from tutor.script.settings import script_settings
from tutor.script.source import read_source
from tutor.session.api import Code
from tutor.session.session import Session
from tutor.session.snapshot import CellRun, Snapshot
from tutor.settings import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
OVER = ("done", "error", "interrupted", "lost")
RunSample = Callable[..., Awaitable[tuple[Snapshot, CellRun]]]
Command = Callable[..., subprocess.CompletedProcess[str]]


def place(path: Path, *arguments: str, **more: object) -> Place:
    """Where a script stands that is started from its own folder."""
    home = Path("/nowhere")
    return place_of(path, arguments, **{"cwd": path.parent, "home": home, **more})  # type: ignore[arg-type]


def code_of(where: Place) -> Code:
    """The script, ready to be run."""
    source = read_source(Path(where.script.path))
    return Code(where.block, source, 0.0, "loopback", script=where.script)


def session_for(where: Place, scratch: Path, **options: object) -> Session:
    """A session that has not started."""
    settings = script_settings(where, scratch, Settings(), device="cpu", **options)  # type: ignore[arg-type]
    session = Session(settings)
    session.reset_for(where.block, (where.block,), network="loopback")
    return session


async def run_to_end(session: Session, code: Code, timeout: float = 60) -> tuple[Snapshot, CellRun]:
    """Run the script; the snapshot that shows its end."""
    before = session.snapshot.runs.get(code.block)
    last = before.run if before else 0
    session.run(code)

    def over(snapshot: Snapshot) -> bool:
        run = snapshot.runs.get(code.block)
        ended = run is not None and run.run > last and run.state in OVER
        return ended and snapshot.phase in ("ready", "failed")

    snapshot = await until(session, over, timeout)
    return snapshot, snapshot.runs[code.block]


def printed(run: CellRun) -> list[str]:
    """The lines of its output."""
    return [line.text for line in run.output.lines if line.text]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def samples(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """A warm session that may read the folder of samples."""
    where = place(SAMPLES / "plain_loop.py")
    session = session_for(where, tmp_path_factory.mktemp("scratch"))
    await session.start()
    yield session
    await session.close()


@pytest.fixture
def run_sample(samples: Session) -> RunSample:
    """Run one of the samples to its end."""

    async def run(name: str, *arguments: str) -> tuple[Snapshot, CellRun]:
        return await run_to_end(samples, code_of(place(SAMPLES / name, *arguments)))

    return run


@pytest.fixture
def command(tmp_path: Path, root: Path) -> Command:
    """`torch-tutor WORDS…` in another process, from the folder `tmp_path/work`."""
    work = tmp_path / "work"
    work.mkdir()

    def run(*words: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tutor", *words],
            capture_output=True,
            text=True,
            input=stdin,
            timeout=timeout,
            cwd=work,
            env={
                **os.environ,
                "TORCH_TUTOR_HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(root),
            },
        )

    return run
