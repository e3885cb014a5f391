"""Fixtures for everything that needs a real worker: one warm session, shared by all tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tutor.session.api import Code, SessionSettings
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def warm_session(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """A started session with real torch in a real sandbox; use `session` in tests."""
    scratch = tmp_path_factory.mktemp("scratch")
    session = Session(SessionSettings(scratch=scratch, device="cpu", memory_bytes=2 << 30))
    await session.start()
    yield session
    await session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def session(warm_session: Session) -> Session:
    """The shared session with a fresh, empty worker."""
    await warm_session.restart()
    return warm_session


async def until(
    session: Session, condition: Callable[[Snapshot], bool], timeout: float = 20.0
) -> Snapshot:
    """The first snapshot that meets `condition`."""
    found: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    def look(snapshot: Snapshot) -> None:
        if not found.done() and condition(snapshot):
            found.set_result(snapshot)

    unsubscribe = session.subscribe(look)
    try:
        look(session.snapshot)
        return await asyncio.wait_for(found, timeout)
    finally:
        unsubscribe()


async def run_cell(session: Session, source: str, block: str = "cell") -> Snapshot:
    """Run one cell to its end; the snapshot that shows the end."""
    before = session.snapshot.runs.get(block)
    last = before.run if before else 0
    session.run(Code(block, source))
    return await until(
        session,
        lambda snapshot: (
            block in snapshot.runs
            and snapshot.runs[block].run > last
            and snapshot.runs[block].state not in ("queued", "running")
            and snapshot.phase in ("ready", "failed")
        ),
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]
