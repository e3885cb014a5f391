"""From the learner's cell through a real, sandboxed worker to the snapshot and the screen."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import run_cell, until
from tests.lines.watching import sizes
from tests.ui.driving import Driver
from tutor.course.pack import load_pack
from tutor.progress.store import ProgressStore
from tutor.session.api import Code
from tutor.session.session import Session
from tutor.session.snapshot import Snapshot
from tutor.ui.app import TutorApp
from tutor.ui.commands import TutorCommands


def shapes(snapshot: Snapshot, block: str) -> dict[tuple[int, str], object]:
    cell = snapshot.observed.lines.of(block, snapshot.runs[block].run)
    return {(v.line, v.name): v.shapes for v in cell.values} if cell else {}


async def test_a_cell_shows_what_its_lines_made(session: Session) -> None:
    await run_cell(session, "def f(x):\n    h = x @ x.T\n    return h.sum()\n", "f")
    snapshot = await run_cell(session, "out = f(torch.ones(2, 5))\n", "use")
    assert shapes(snapshot, "use") == {(1, "out"): ((),)}
    assert shapes(snapshot, "f") == {
        (1, "x"): (sizes(2, 5),),
        (2, "h"): (sizes(2, 2),),
        (3, "return"): ((),),
    }


async def test_shapes_of_an_older_text_are_not_shown_for_a_newer_run(session: Session) -> None:
    await run_cell(session, "x = torch.ones(3)\n", "a")
    snapshot = await run_cell(session, "print('no tensor')\n", "a")
    assert shapes(snapshot, "a") == {}


async def test_shapes_show_while_the_cell_runs(session: Session) -> None:
    session.run(Code("loop", "x = torch.ones(7)\nwhile True: y = x[:3]\n"))
    snapshot = await until(session, lambda s: bool(s.observed.lines.cells))
    assert snapshot.running == "loop"
    assert shapes(snapshot, "loop") == {(1, "x"): (sizes(7),), (2, "y"): (sizes(3),)}
    session.interrupt()
    snapshot = await until(session, lambda s: s.runs["loop"].state == "interrupted")
    assert shapes(snapshot, "loop")[2, "y"] == (sizes(3),)


async def test_a_cell_that_fails_shows_what_it_made_before(session: Session) -> None:
    snapshot = await run_cell(session, "x = torch.ones(2, 3)\ny = x @ x\n", "bad")
    assert snapshot.runs["bad"].problem is not None
    assert snapshot.runs["bad"].problem.line == 2
    assert shapes(snapshot, "bad") == {(1, "x"): (sizes(2, 3),)}


async def test_names_that_a_learner_can_see_are_untouched(session: Session) -> None:
    source = "x = torch.ones(2)\n[name for name in globals() if not name.startswith('__')]\n"
    snapshot = await run_cell(session, source, "names")
    assert "tt" not in snapshot.runs["names"].value


async def test_one_key_hides_the_shapes_and_brings_them_back(
    session: Session, tmp_path: Path, root: Path
) -> None:
    pack = load_pack(root / "lessons" / "pytorch")
    lesson = next(lesson for lesson in pack.lessons() if any(lesson.runnables()))
    app = TutorApp(
        session,
        pack,
        ProgressStore(tmp_path / "p.db", pack.id),
        open_lesson=lesson.id,
        start_session=False,
    )
    async with app.run_test(size=(110, 40)) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.opened and driver.settled(True))
        while not driver.lesson.step_view.runnables:
            await driver.press("ctrl+n")
        view = driver.lesson.step_view.runnables[0]
        view.editor.replace_text("shaped = torch.ones(12, 34)")
        view.editor.focus()
        await driver.press("f5")
        await driver.shows("shaped 12×34 f32")
        await driver.press("f6")
        await driver.until(lambda: "12×34 f32" not in code(driver, view.block_id))
        assert view.editor.text == "shaped = torch.ones(12, 34)"
        assert view.editor.selected_text == ""
        await driver.press("f6")
        await driver.until(lambda: "12×34 f32" in code(driver, view.block_id))
        commands = [name for name, _, _ in TutorCommands(app.screen)._commands()]
        assert "Shapes in the code (F6)" in commands


def code(driver: Driver, block: str) -> str:
    editor = driver.block(block).editor
    return "".join(editor.render_line(y).text for y in range(editor.size.height))
