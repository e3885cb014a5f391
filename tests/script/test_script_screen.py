"""The screen of a script, driven by keys: panels fill, output comes, the end is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from tests.script.conftest import SAMPLES, code_of, place, session_for
from tests.ui.driving import Driver
from tutor.script.record import Record
from tutor.script.recorded import RecordedSession
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot
from tutor.ui.inspector import PANELS, Inspector
from tutor.ui.script_app import ScriptApp
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.script_view import ScriptView

SLOW = """\
import threading
import torch

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(32, 8)
y = x.sum(dim=1, keepdim=True)
for step in range(30):
    loss = (net(x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", step, flush=True)
"""
RANKED = """\
import torch.multiprocessing as mp


def work(rank):
    print("rank", rank)


if __name__ == "__main__":
    mp.spawn(work, nprocs=2)
"""


class Kept:
    """A session that several apps use, one after the other: started and ended elsewhere."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def start(self) -> None:
        """It runs."""

    async def close(self) -> None:
        """It goes on for the next app."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Session]]:
    path = tmp_path_factory.mktemp("work") / "train.py"
    path.write_text(SLOW)
    session = session_for(place(path), tmp_path_factory.mktemp("scratch"))
    await session.start()
    yield path, session
    await session.close()


@pytest.fixture
def script(kept: tuple[Path, Session]) -> Path:
    kept[0].write_text(SLOW)
    return kept[0]


Open = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def opened(kept: tuple[Path, Session], script: Path) -> Open:
    """The app on the script, as the command starts it."""

    @asynccontextmanager
    async def context(size: tuple[int, int] = (120, 40), **more: Any) -> AsyncIterator[Driver]:
        where, session = place(script), cast("Session", Kept(kept[1]))
        app = ScriptApp(session, where.block, lambda: code_of(where), **more)
        before = app.last_run
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.last_run is not before, timeout=60)
            yield driver
        assert not app.troubles, app.troubles

    return context


async def test_a_script_runs_and_every_panel_tells_of_it(opened: Open) -> None:
    async with opened() as driver:
        await driver.shows("✓ train.py ended after", "F5 runs it again", timeout=60)
        await driver.shows("step 29", "30 steps in", "exit code 0")
        view = driver.one(ScriptView)
        assert view.lines is not None
        await driver.shows("x 32×8 f32")
        shown = {
            "tensors": "net",
            "graph": "graph of loss",
            "gradients": "healthy",
            "training": "30 steps",
            "model": "Sequential",
            "memory": "parameters",
            "ranks": "No ranks yet",
        }
        inspector = driver.one(Inspector)
        for panel in PANELS:
            inspector.bring(panel.id)
            await driver.shows(shown[panel.id])
        assert driver.app.return_code is None, "it stays open"


async def test_the_edited_file_runs_at_f5(opened: Open, script: Path) -> None:
    async with opened() as driver:
        await driver.shows("✓ train.py ended after", timeout=60)
        script.write_text("print('a new text')\nraise ValueError('with a problem')\n")
        await driver.press("f5")
        await driver.shows("a new text", "ValueError", "with a problem", timeout=60)
        await driver.shows("✗ train.py ended with a ValueError in line 2")
        assert driver.one(ScriptView).text.startswith("print('a new text')")
        app = driver.app
        assert isinstance(app, ScriptApp)
        assert app.last_run is not None
        assert app.last_run.exit_code == 1


async def test_input_and_stop_work_from_the_keyboard(opened: Open, script: Path) -> None:
    script.write_text(
        "import threading\nname = input('Who? ')\nprint('hello', name, flush=True)\n"
        "threading.Event().wait()\n"
    )
    async with opened() as driver:
        await driver.shows("? Who?", "waits for your input", timeout=60)
        await driver.press("A", "n", "n", "enter")
        await driver.shows("hello Ann")
        await driver.press("ctrl+q")
        await driver.shows("The script is still running.")
        await driver.press("escape")
        await driver.press("ctrl+g")
        await driver.shows("◼ train.py was stopped after", "exit code 130", timeout=30)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_works_small_with_the_panel_over_the_script(
    opened: Open, size: tuple[int, int]
) -> None:
    async with opened(size) as driver:
        await driver.shows("✓ train.py ended after", timeout=60)
        narrow = size[0] < 100
        assert (driver.one(Inspector).region.width == 0) == narrow
        await driver.press("f4")
        await driver.shows("30 steps in")
        await driver.press("f12")
        await driver.until(lambda: driver.one(Inspector).region.width >= size[0] - 1)
        await driver.press("ctrl+t")
        await driver.shows("Sequential", "params")
        await driver.press("escape")
        await driver.until(lambda: driver.one(ScriptView).region.width > size[0] // 2)
        await driver.press("f2")
        await driver.shows("step 29")
        await driver.until(lambda: driver.one(OutputView).region.height > size[1] // 2)
        await driver.press("f1")
        await driver.shows("In a script")


async def test_what_is_open_is_said_in_capitals(script: Path, tmp_path: Path) -> None:
    where = place(script)
    session = session_for(where, tmp_path / "scratch", sandbox=False)
    app = ScriptApp(session, where.block, lambda: code_of(where), warnings=("NETWORK OPEN",))
    async with app.run_test(size=(100, 30)) as pilot:
        driver = Driver(app, pilot)
        await driver.shows("NO SANDBOX · NETWORK OPEN", "ended after", timeout=60)


async def test_the_end_is_recorded_once_and_a_record_only_shows(opened: Open) -> None:
    kept: list[Snapshot] = []

    def record(snapshot: Snapshot) -> str:
        kept.append(snapshot)
        return "It was kept."

    async with opened(record=record) as driver:
        await driver.shows("ended after", "It was kept.", timeout=60)
    assert len(kept) == 1
    saved = Record("/x/train.py", "train.py", (), "2026-01-02", "0.1.0", kept[0])
    app = ScriptApp(RecordedSession(saved.snapshot), "train.py", saved=saved.saved)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        driver = Driver(app, pilot)
        await driver.shows("Saved 2026-01-02; nothing runs here.", "step 29", "loss.backward()")
        await driver.press("f5")
        await driver.shows("This is a saved run.")
        inspector = driver.one(Inspector)
        inspector.bring("tensors")
        await driver.shows("net")
        inspector.bring("training")
        await driver.shows("30 steps in")
        await driver.press("ctrl+q")
    assert app.return_code == 0


async def test_a_device_that_is_missing_is_told_and_ends_the_app(tmp_path: Path) -> None:
    where = place(SAMPLES / "plain_loop.py")
    settings = replace(session_for(where, tmp_path / "scratch")._settings, device="xpu:7")
    app = ScriptApp(Session(settings), where.block, lambda: code_of(where))
    async with app.run_test(size=(100, 30)) as pilot:
        driver = Driver(app, pilot)
        await driver.shows("The script could not be started", "'xpu:7' was asked for", timeout=60)
        await driver.press("enter")
        await driver.until(lambda: not app.is_running or app.return_code == 1)
    assert app.return_code == 1


async def test_ranks_come_to_the_front_once_there_are_any(opened: Open, script: Path) -> None:
    script.write_text(RANKED)
    async with opened() as driver:
        await driver.until(lambda: driver.one(Inspector).current == "ranks", timeout=60)
        await driver.shows("exit code 0", timeout=60)
        await driver.press("f4", "ctrl+t")
        await driver.pilot.pause()
        assert driver.one(Inspector).current != "ranks"
