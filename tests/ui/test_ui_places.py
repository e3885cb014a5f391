"""Home, dialogs, help, palette, small terminals, and what happens when something is missing."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.conftest import Open
from tests.ui.scripted import READY, ScriptedSession
from tutor.course.model import Pack
from tutor.progress.store import ProgressStore
from tutor.session.api import SessionAPI, SessionError
from tutor.session.snapshot import Snapshot
from tutor.ui.app import TutorApp
from tutor.ui.keys import KEYS
from tutor.ui.screens.dialogs import Choose, Notice
from tutor.ui.screens.help import HelpScreen
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.screens.trouble import TroubleScreen
from tutor.ui.widgets.tensors import TensorsPanel

CREATE = "tensors/create"


async def test_home_starts_on_the_first_lesson_and_names_the_machine(
    open_app: Open, scripted: ScriptedSession, pack: Pack
) -> None:
    first = next(pack.lessons())
    async with open_app(scripted) as driver:
        await driver.shows("Start here", first.title, "AMD EPYC", "16.0 GiB", "torch 2.13.0")
        await driver.shows("Sandbox strong", f"○ {pack.units[0].title}", "○ Tensors")
        await driver.shows(f"0/{len(first.steps)}", f"{first.minutes} min")
        assert driver.app.focused is not None
        assert driver.app.focused.id == "continue"
        await driver.press("enter")
        await driver.shows(first.steps[0].title, "not run")


async def test_home_says_that_the_worker_warms_up(open_app: Open) -> None:
    async with open_app(ScriptedSession(Snapshot())) as driver:
        await driver.shows("◌ warming up", "Go on and read")


async def test_the_map_opens_any_lesson_by_keyboard(
    open_app: Open, scripted: ScriptedSession, pack: Pack
) -> None:
    lesson = pack.units[1].lessons[0]
    async with open_app(scripted, size=(80, 24)) as driver:
        await driver.press("tab", "down")
        await driver.shows(lesson.title)
        await driver.press("enter", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, LessonScreen))
        await driver.shows(lesson.title, lesson.steps[0].title)
        await driver.press("escape")
        await driver.shows(f"◐ {pack.units[1].title}", "Continue")


async def test_a_missing_device_is_explained_and_the_cpu_offered(open_app: Open) -> None:
    failing = ScriptedSession(
        Snapshot(),
        SessionError(
            "The device 'cuda' was asked for but is not here.",
            "Found: cpu (EPYC). Use --device cpu.",
        ),
    )
    asked: list[str] = []
    working = ScriptedSession()

    def session_for(device: str) -> SessionAPI:
        asked.append(device)
        return working

    async with open_app(failing, session_for=session_for) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, Choose))
        await driver.shows("was asked for but is not here", "Found: cpu", "Use the CPU", "Quit")
        await driver.press("enter")
        await driver.shows("● ready · cpu")
        assert asked == ["cpu"]
        assert failing.closed


async def test_without_a_worker_reading_goes_on(open_app: Open) -> None:
    failing = ScriptedSession(Snapshot(), SessionError("The worker could not be started."))
    async with open_app(failing, CREATE) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, Choose))
        await driver.press("escape")
        await driver.shows("Rain on a roof", "✗ The worker could not be started.", "Ctrl+L tries")
        await driver.press("f5")
        await driver.shows("There is no worker to run it")
        assert not failing.ran
        failing.failing = None
        failing.snapshot = READY
        await driver.press("ctrl+l")
        await driver.until(lambda: "could not be started" not in driver.text)


async def test_an_unknown_lesson_leads_to_the_map(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted) as driver:
        driver.app._open_first("tensors/creat")
        await driver.until(lambda: isinstance(driver.app.screen, Notice))
        await driver.shows(
            "This course has no lesson called tensors/creat.", "mean tensors/create or"
        )


@pytest.mark.parametrize("size", [(59, 24), (80, 17)])
async def test_a_small_terminal_asks_for_room_in_one_line(
    open_app: Open, scripted: ScriptedSession, size: tuple[int, int]
) -> None:
    async with open_app(scripted, size=size) as driver:
        await driver.shows("needs a terminal of at least")
        assert len([line for line in driver.lines if line.strip()]) <= 2
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("Start here")


async def test_help_lists_what_works_where_the_focus_is(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, CREATE) as driver:
        await driver.press("f1")
        await driver.shows("While reading", "In a lesson", "Ctrl+Enter")
        await driver.press("escape", "enter", "f1")
        await driver.shows("In the editor", "comment lines out")
        await driver.press("escape", *"?")
        assert driver.block("first").text.endswith("?") or "?" in driver.block("first").text
        assert not isinstance(driver.app.screen, HelpScreen)


async def test_every_binding_of_ours_is_in_the_table(
    open_app: Open, scripted: ScriptedSession
) -> None:
    known = {key.id for key in KEYS}
    async with open_app(scripted, CREATE) as driver:
        await driver.press("f5", "tab")
        seen: set[str] = set()
        for node in [driver.app, driver.app.screen, *driver.app.screen.query("*")]:
            for bindings in node._bindings.key_to_bindings.values():
                for binding in bindings:
                    if type(node).__module__.startswith("tutor") and binding.id:
                        seen.add(binding.id)
        missing = {name for name in seen if not name.startswith(("command", "input"))} - known
        assert len(seen) > 15
        assert not missing


async def test_the_palette_finds_a_lesson_and_a_command(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted) as driver:
        await driver.press("ctrl+p", *"broadcast")
        await driver.shows("Lesson: Broadcasting without surprises")
        await driver.press("down", "enter")
        await driver.shows("Four laps and a headwind")
        await driver.press("ctrl+p", *"theme light")
        await driver.shows("Theme: light")
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.theme == "tutor-light")


async def test_the_inspector_is_beside_or_over_the_step_by_width(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, CREATE, size=(100, 30)) as driver:
        await driver.until(lambda: driver.one(TensorsPanel).region.width > 0)
        await driver.press("f4")
        assert isinstance(driver.app.focused, TensorsPanel)
        await driver.press("f4")
        await driver.until(lambda: not driver.lesson.query_one("Inspector").display)
        await driver.press("ctrl+t")
        await driver.until(lambda: isinstance(driver.app.focused, TensorsPanel))
        await driver.press("escape")
        assert not isinstance(driver.app.focused, TensorsPanel)
        await driver.pilot.resize_terminal(80, 24)
        await driver.until(lambda: not driver.lesson.query_one("Inspector").display)


async def test_the_end_of_a_lesson_says_what_is_open_and_where_to_go(
    open_app: Open, scripted: ScriptedSession, pack: Pack
) -> None:
    lessons = list(pack.lessons())
    following = lessons[lessons.index(pack.lesson(CREATE)) + 1]
    async with open_app(scripted, CREATE) as driver:
        await driver.step("remember")
        await driver.press("ctrl+n")
        await driver.shows("End of the lesson", "16 of 16 tasks", f"Next: {following.title[:12]}")
        await driver.press("enter")
        await driver.shows(following.steps[0].title)


async def test_an_error_of_ours_becomes_a_panel_with_a_next_step(
    open_app: Open, scripted: ScriptedSession, store: ProgressStore, tmp_path: Path
) -> None:
    async with open_app(scripted, CREATE, reports=tmp_path / "reports") as driver:
        driver.expected_troubles = True
        await driver.press("enter", "f7")
        await driver.type("kept = 1")

        def broken(*codes: object) -> None:
            raise RuntimeError("a bug in the app")

        scripted.run = broken  # type: ignore[method-assign]
        driver.app.simulate_key("f5")
        await driver.until(lambda: isinstance(driver.app.screen, TroubleScreen))
        await driver.shows("Something went wrong here", "RuntimeError: a", "To the course map")
        (report,) = (tmp_path / "reports").iterdir()
        assert "RuntimeError" in report.read_text()
        assert store.code(CREATE, "first") == "kept = 1"
        await driver.press("enter")
        await driver.shows("Continue")
        await driver.press("enter")
        await driver.shows("kept = 1")


async def test_time_counts_only_while_someone_is_there(
    open_app: Open, scripted: ScriptedSession, store: ProgressStore
) -> None:
    async with open_app(scripted, CREATE) as driver:
        await driver.press("down")
        await driver.press("f2")
        await driver.until(lambda: store.lesson(CREATE).seconds > 0)


async def test_no_color_paints_without_colours(
    monkeypatch: pytest.MonkeyPatch, pack: Pack, store: ProgressStore
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = TutorApp(ScriptedSession(), pack, store)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.pause()
        seen = 0
        for strip in app.screen._compositor.render_strips(app.size):
            for line_filter in app._filters:
                strip = strip.apply_filter(line_filter, app.screen.styles.background)
            for segment in strip:
                seen += 1
                look = segment.style
                assert look is None or look.color is None or look.color.is_default
                assert look is None or look.bgcolor is None or look.bgcolor.is_default
        assert seen


async def test_a_lost_worker_says_so_in_one_sentence(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, CREATE, size=(80, 24)) as driver:
        scripted.publish(replace(READY, lost="The worker was killed: it used too much memory."))
        await driver.shows("! The worker was lost: it was killed", "F10 runs all cells above")


def test_importing_the_app_loads_no_torch_and_no_lesson_widgets() -> None:
    import subprocess

    code = "import sys, tutor.ui.app; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "numpy", "tree_sitter", "msgspec", "sqlite3", "markdown_it"}
