"""Takes the pictures in this folder: the real app, a real worker, driven by keys.

Run from the checkout: `python assets/screenshots/take.py [NAME …]`. With resvg-py installed,
`--png FOLDER` also writes bitmaps to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.ui.driving import Driver  # noqa: E402
from tutor.course.model import Exercise, Pack  # noqa: E402
from tutor.course.pack import load_pack  # noqa: E402
from tutor.progress.store import ProgressStore  # noqa: E402
from tutor.session.api import SessionSettings  # noqa: E402
from tutor.session.session import Session  # noqa: E402
from tutor.ui.app import TutorApp  # noqa: E402
from tutor.ui.inspector import Inspector  # noqa: E402

LARGE, SMALL = (120, 40), (80, 24)

Act = Callable[[Driver], Awaitable[None]]


async def home(driver: Driver) -> None:
    """The course map, once the worker is ready."""
    await driver.shows("ready")


async def run(driver: Driver) -> None:
    """Run the focused cell to its end."""
    before = len(driver.app.snapshot.runs)
    await driver.press("f5")
    await driver.until(lambda: len(driver.app.snapshot.runs) > before)
    await driver.until(lambda: not driver.app.snapshot.running, timeout=60)


async def run_first(driver: Driver) -> None:
    """The first cell, run."""
    await driver.shows("ready")
    await run(driver)


async def broadcast(driver: Driver) -> None:
    """A lesson with its tensors."""
    await run_first(driver)
    await driver.step("one-number-per-runner")
    await run(driver)


async def failed_check(driver: Driver) -> None:
    """An exercise with an answer that is wrong."""
    await driver.shows("ready")
    step = next(step for step in driver.lesson.bench.lesson.steps if step.kind == "exercise")
    await driver.step(step.id)
    await driver.press("f8")
    await driver.shows("Not yet")
    await driver.press("f3")
    await driver.shows("hint 1 of")


def with_panel(panel: str) -> Act:
    """A training loop, run, with one of the panels in front."""

    async def act(driver: Driver) -> None:
        await run_first(driver)
        driver.one(Inspector).bring(panel)
        await driver.pilot.pause(0.2)

    return act


async def crash(driver: Driver) -> None:
    """A cell that raised, explained."""
    await driver.shows("ready")
    await run(driver)


def prepare(name: str, pack: Pack, progress: ProgressStore) -> None:
    """The learner's code that a scene starts from."""
    if name.startswith("exercise"):
        lesson = pack.lesson("tensors/broadcasting")
        exercise = next(b for b in lesson.runnables() if isinstance(b, Exercise))
        progress.save_code(lesson.id, exercise.id, exercise.wrong[0].source)
    elif name in SAMPLES:
        sample = ROOT / "tests" / "samples" / SAMPLES[name]
        progress.save_code("tensors/create", "first", sample.read_text("utf-8"))


async def ranks(driver: Driver) -> None:
    """A model trained by two processes, one column each."""
    await driver.shows("ready")
    await driver.step("ten-steps-apart-and-together")
    await driver.press("f10")
    await driver.until(lambda: "buckets" in driver.app.snapshot.runs, timeout=60)
    await driver.until(lambda: not driver.app.snapshot.running, timeout=60)
    await run(driver)
    driver.one(Inspector).bring("ranks")
    await driver.press("f12")
    await driver.pilot.pause(0.2)


async def opened_tensor(driver: Driver) -> None:
    """One tensor, full screen."""
    await run_first(driver)
    await driver.press("f4", "enter")
    await driver.shows("strides")


SAMPLES = {
    "explained": "cnn_without_flatten.py",
    **dict.fromkeys(("training", "gradients", "graph", "model", "memory"), "classifier.py"),
}

ASSETS = ROOT / "assets" / "data"

SCENES: dict[str, tuple[str, tuple[int, int], Act]] = {
    "home": ("", LARGE, home),
    "home-80": ("", SMALL, home),
    "meet": ("start/meet-pytorch", LARGE, run_first),
    "meet-80": ("start/meet-pytorch", SMALL, run_first),
    "ranks": ("distributed/ddp", LARGE, ranks),
    "lesson": ("tensors/broadcasting", LARGE, broadcast),
    "lesson-80": ("tensors/broadcasting", SMALL, broadcast),
    "exercise": ("tensors/broadcasting", LARGE, failed_check),
    "exercise-80": ("tensors/broadcasting", SMALL, failed_check),
    "tensor": ("tensors/broadcasting", LARGE, opened_tensor),
    "training": ("tensors/create", LARGE, with_panel("training")),
    "gradients": ("tensors/create", LARGE, with_panel("gradients")),
    "graph": ("tensors/create", LARGE, with_panel("graph")),
    "model": ("tensors/create", LARGE, with_panel("model")),
    "memory": ("tensors/create", LARGE, with_panel("memory")),
    "explained": ("tensors/create", LARGE, crash),
}


async def take(names: list[str], png: Path | None) -> None:
    """One app a scene, one session for all."""
    pack = load_pack(ROOT / "lessons" / "pytorch")
    with tempfile.TemporaryDirectory() as folder:
        session = Session(SessionSettings(Path(folder) / "scratch", device="cpu", assets=(ASSETS,)))
        await session.start()
        for name in names:
            lesson, size, act = SCENES[name]
            await session.restart()
            progress = ProgressStore(Path(folder) / f"{name}.db", pack.id)
            prepare(name, pack, progress)
            app = TutorApp(session, pack, progress, start_session=False, open_lesson=lesson)
            async with app.run_test(size=size) as pilot:
                driver = Driver(app, pilot)
                await driver.until(lambda: driver.settled(bool(lesson)))  # noqa: B023
                await act(driver)
                await pilot.pause()
                picture = app.export_screenshot(title="torch-tutor")
            (HERE / f"{name}.svg").write_text(picture, "utf-8")
            if png is not None:
                _write_png(picture, png / f"{name}.png")
            print(f"{name}.svg")
        await session.close()


def _write_png(picture: str, path: Path) -> None:
    import resvg_py

    path.parent.mkdir(parents=True, exist_ok=True)
    plain = picture.replace("Fira Code", "DejaVu Sans Mono")
    fonts = ["/usr/share/fonts/truetype/dejavu"]
    path.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=plain, font_dirs=fonts)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    parser.add_argument("--png", type=Path, default=None, metavar="FOLDER")
    options = parser.parse_args()
    asyncio.run(take(options.names or list(SCENES), options.png))
