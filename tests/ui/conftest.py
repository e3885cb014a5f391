"""The real app on the real course, with the warm session that all tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.ui.driving import Driver
from tests.ui.scripted import ROOT, ScriptedSession
from tutor.course.model import Pack
from tutor.course.pack import load_pack
from tutor.progress.store import ProgressStore
from tutor.session.session import Session
from tutor.ui.app import TutorApp

Open = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack(ROOT / "lessons" / "pytorch")


@pytest.fixture(scope="session")
def example() -> Pack:
    return load_pack(ROOT / "lessons" / "example")


@pytest.fixture
def store(tmp_path: Path, pack: Pack) -> ProgressStore:
    return ProgressStore(tmp_path / "progress.db", pack.id)


@pytest.fixture
def scripted() -> ScriptedSession:
    return ScriptedSession()


@pytest.fixture
def open_app(pack: Pack, store: ProgressStore) -> Open:
    """`async with open_app(session, lesson="", size=(120, 40)) as driver`."""

    @asynccontextmanager
    async def opened(
        session: Session | ScriptedSession,
        lesson: str = "",
        *,
        size: tuple[int, int] = (120, 40),
        course: Pack = pack,
        **more: object,
    ) -> AsyncIterator[Driver]:
        app = TutorApp(
            session,
            course,
            store,
            open_lesson=lesson,
            **{"start_session": isinstance(session, ScriptedSession), **more},  # type: ignore[arg-type]
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.opened and driver.settled(bool(lesson)))
            yield driver
        assert driver.expected_troubles or not app.troubles, app.troubles

    return opened
