"""Nothing is cut without a sign and the footer fits, at every size that is promised."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.widget import Widget

from tests.ui.conftest import Open
from tests.ui.scripted import ScriptedSession
from tutor.course.model import Pack
from tutor.ui.keys import KEYS, footer, footers
from tutor.ui.themes import THEMES
from tutor.ui.widgets.footer import MAX_KEYS, KeyFooter, fitting
from tutor.ui.widgets.status import WorkerStatus
from tutor.ui.widgets.stepbar import StepBar

SIZES = [(60, 18), (80, 24), (100, 30), (120, 40), (140, 40)]
CASES = [
    *((size, "start/meet-pytorch") for size in SIZES),
    ((80, 24), "tensors/create"),
    ((80, 24), "tensors/broadcasting"),
    ((80, 24), "autograd/gradients"),
]


def inside(widget: Widget, width: int) -> bool:
    return widget.region.right <= width and widget.region.x >= 0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_home_fits(
    open_app: Open, scripted: ScriptedSession, pack: Pack, size: tuple[int, int]
) -> None:
    async with open_app(scripted, size=size) as driver:
        first = next(pack.lessons())
        await driver.shows("Start here", first.title, "● ready", "F1 help", "16.0 GiB")
        for widget in driver.app.screen.query("*"):
            assert inside(widget, size[0]), widget
        assert driver.app.screen.max_scroll_x == 0
        assert len(fitting(driver.one(KeyFooter).hints, size[0] - 2)) >= (6 if size[0] >= 80 else 4)


@pytest.mark.parametrize(("size", "lesson"), CASES)
async def test_every_step_fits_in_width(
    open_app: Open, scripted: ScriptedSession, size: tuple[int, int], lesson: str
) -> None:
    width, height = size
    async with open_app(scripted, lesson, size=size) as driver:
        steps = driver.lesson.bench.lesson.steps
        for number, step in enumerate(steps):
            if number:
                await driver.press("ctrl+n")
            assert driver.lesson.step_view.step is step
            view = driver.lesson.step_view
            await driver.shows(step.title[:30], "F1 help")
            await driver.until(
                lambda view=view: view.max_scroll_x == 0 and not too_wide(view), timeout=5
            )
            for widget in (driver.one(StepBar), driver.one(WorkerStatus), driver.one(KeyFooter)):
                assert inside(widget, width), widget
                assert widget.region.width > 0
            assert f"{number + 1}" in driver.lines[0]
            assert "● ready" in driver.lines[0]
            assert "F1 help" in driver.lines[height - 1]


def too_wide(view: Widget) -> list[Widget]:
    """Widgets that reach over the right edge of the step."""
    return [w for w in view.query("*") if w.region.right > view.region.right]


@pytest.mark.parametrize("name", footers())
def test_a_footer_has_at_most_six_keys_and_fits_80_columns(name: str) -> None:
    entries = footer(name)
    assert len(entries) <= MAX_KEYS
    width = sum(len(entry.shown) + 1 + len(entry.label) for entry in entries) + 2 * len(entries)
    assert width <= 80


def test_no_two_keys_of_one_place_collide() -> None:
    for where in {entry.where for entry in KEYS}:
        bound = [
            name
            for entry in KEYS
            if entry.action and entry.where in (where, "app")
            for name in entry.keys.split(",")
        ]
        assert len(bound) == len(set(bound)), where


def test_keys_of_a_lesson_are_free_in_the_editor() -> None:
    from textual.widgets import TextArea

    eaten = {name for b in TextArea.BINDINGS for name in b.key.split(",")}  # type: ignore[union-attr]
    ours = {
        name
        for entry in KEYS
        if entry.where == "lesson" and entry.action and not entry.priority
        for name in entry.keys.split(",")
    }
    assert ours & eaten == set()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_reads_at_four_and_a_half_to_one(theme: object) -> None:
    from textual.theme import Theme

    assert isinstance(theme, Theme)
    colours = theme.to_color_system().generate() | theme.variables
    grounds = ["background", "surface", "panel"]
    texts = [
        "foreground",
        *(f"text-{role}" for role in ("primary", "secondary", "accent", "success")),
        *(f"text-{role}" for role in ("warning", "error", "muted")),
    ]
    for ground in grounds:
        for text in texts:
            ratio = contrast(Color.parse(colours[text]), Color.parse(colours[ground]))
            assert ratio >= 4.5, (text, ground, ratio)
        for edge in ("primary", "success", "warning", "error"):
            ratio = contrast(Color.parse(colours[edge]), Color.parse(colours[ground]))
            assert ratio >= 3.0, (edge, ground, ratio)
    pairs = [
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("foreground", "warning-muted"),
        ("foreground", "error-muted"),
        ("foreground", "input-selection-background"),
    ]
    for text, ground in pairs:
        ratio = contrast(Color.parse(colours[text]), Color.parse(colours[ground]))
        assert ratio >= 4.5, (text, ground, ratio)


def contrast(one: Color, other: Color) -> float:
    """WCAG 2.2 contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Color) -> float:
    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
