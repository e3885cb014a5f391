"""The panels beside a lesson: one after the other by key, each of them full screen."""

from __future__ import annotations

import pytest

from tests.ui.conftest import Open
from tests.ui.scripted import ScriptedSession
from tutor.ui.inspector import PANELS, Inspector, Panel, tabs

TITLES = ["Tensors", "Graph", "Grads", "Train", "Model", "Memory", "Ranks"]


@pytest.mark.parametrize("at", range(len(TITLES)))
def test_the_current_panel_is_always_named(at: int) -> None:
    for width in (12, 34, 38, 60, 100):
        title = tabs(TITLES, at, width)
        assert TITLES[at] in title.plain
        assert title.cell_length <= width
    assert tabs(TITLES, at, 100).plain == " │ ".join(TITLES)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_every_panel_is_reached_by_one_key(
    open_app: Open, scripted: ScriptedSession, size: tuple[int, int]
) -> None:
    async with open_app(scripted, "tensors/create", size=size) as driver:
        await driver.press("f4")
        seen = []
        for _ in PANELS:
            inspector = driver.one(Inspector)
            seen.append(inspector.current)
            assert driver.app.focused is not None
            assert inspector in driver.app.focused.ancestors_with_self
            await driver.press("ctrl+t")
        assert seen == [panel.id for panel in PANELS]
        assert driver.one(Inspector).current == PANELS[0].id


async def test_a_panel_takes_the_whole_width_and_gives_it_back(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, "tensors/create", size=(120, 40)) as driver:
        await driver.press("f12")
        await driver.until(lambda: driver.one(Inspector).region.width == 120)
        await driver.press("f12")
        await driver.until(lambda: driver.one(Inspector).region.width < 60)


async def test_the_next_panel_needs_no_way_out_of_the_editor(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, "tensors/create", size=(120, 40)) as driver:
        await driver.press("enter")
        editor = driver.app.focused
        await driver.press("ctrl+t")
        assert driver.app.focused is editor
        assert driver.one(Inspector).current == PANELS[1].id


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.id)
def test_every_panel_explains_itself_in_three_sentences(panel: Panel) -> None:
    assert panel.about.count(". ") + 1 == 3
    assert panel.about.endswith(".")


async def test_help_begins_with_the_panel_the_learner_is_in(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, "tensors/create", size=(80, 24)) as driver:
        await driver.press("f4", "ctrl+t", "ctrl+t", "f1")
        await driver.until(lambda: "The Grads panel" in driver.text)
        assert "One line for each parameter" in " ".join(driver.text.split())
        await driver.press("escape", "escape", "f1")
        assert "The Grads panel" not in driver.text


async def test_a_lesson_opens_with_the_panel_that_it_names(
    open_app: Open, scripted: ScriptedSession
) -> None:
    async with open_app(scripted, "start/meet-pytorch", size=(120, 40)) as driver:
        lesson = driver.lesson.bench.lesson
        assert lesson.panels[0] == "training"
        assert driver.one(Inspector).current == "training"
