"""The two panels on a screen, in every state and width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widget import Widget

from tests.training.hosting import Host, frame
from tests.training.test_folds import look, losses, tick
from tutor.session.observed_gradients import Gradients, with_norms
from tutor.session.observed_training import Training, with_tick
from tutor.ui.inspector import PANELS, Inspector
from tutor.ui.widgets.gradients import GradientsPanel
from tutor.ui.widgets.training import TrainingPanel, TrainingView
from tutor.wire.observed.training import LearningRate, LoopPlace, ScalarValue

WIDTHS = (36, 44, 80)
HOSTILE = "\x1b[31m[b]x[/b]\u202e" + "long" * 30


def trained(run: int = 1, name: str = "loss", live: bool = True) -> TrainingView:
    training = Training()
    for number in range(1, run + 1):
        for step in range(1, 40):
            training = with_tick(
                training,
                tick(
                    number,
                    seconds=step * 0.5,
                    steps=step,
                    backwards=step,
                    losses=losses(3.0 / step, start=step, name=name),
                    rates=(LearningRate("opt", "SGD", (0.1,)),),
                    loops=(LoopPlace("epoch", 2, 2, 5, 1), LoopPlace("i", 3, step, 63, step)),
                    scalars=(ScalarValue("accuracy", step / 40), ScalarValue("val_loss", 1.0)),
                ),
            )
    return TrainingView(training, live)


def gradients(words: bool = True) -> Gradients:
    found = Gradients()
    for step in range(1, 30):
        norms = (1e-6, 0.1, 0.5, 0.0, None) if words else (0.5, 0.4)
        found = with_norms(
            found, look(step, *norms, total=0.9, clipped_from=7.0, limit=1.0, hidden=3)
        )
    return found


STATES = {
    "training empty": lambda: TrainingPanel(),
    "training live": lambda: TrainingPanel(trained()),
    "training over": lambda: TrainingPanel(trained(live=False)),
    "training earlier": lambda: TrainingPanel(trained(4)),
    "training hostile": lambda: TrainingPanel(trained(2, HOSTILE)),
    "gradients empty": lambda: GradientsPanel(),
    "gradients": lambda: GradientsPanel(gradients()),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", list(STATES))
async def test_every_state_fits(state: str, width: int) -> None:
    app = Host(STATES[state]())
    async with app.run_test(size=(width, 28)) as pilot:
        await pilot.pause()
        await pilot.pause()
        shown = frame(app)
        assert shown.strip()
        assert all(len(line) <= width for line in shown.split("\n"))
        assert not any(c in shown for c in "\x1b\u202e")
        assert app.screen.max_scroll_x == 0


@pytest.mark.parametrize("width", WIDTHS)
async def test_training_tells_place_speed_rate_and_numbers(width: int) -> None:
    app = Host(TrainingPanel(trained()))
    async with app.run_test(size=(width, 30)) as pilot:
        await pilot.pause()
        await pilot.pause()
        words = " ".join(frame(app).split())
        for part in ("epoch 2/5 · i 39/63", "left", "lr 0.1", "2 steps/s", "━━ loss 0.0769",
                     "× val_loss 1.0", "accuracy", "0.975", "steps 39", "32%"):  # fmt: skip
            assert part in words, (part, words)


async def test_a_run_that_is_over_is_summed_up() -> None:
    app = Host(TrainingPanel(trained(live=False)))
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        assert "✓ 39 steps in 19.5 s" in frame(app)
        assert "left" not in frame(app)


async def test_keys_change_the_scale_and_hide_earlier_runs() -> None:
    panel = TrainingPanel(trained(3))
    app = Host(panel)
    async with app.run_test(size=(80, 30)) as pilot:
        panel.focus()
        await pilot.pause()
        await pilot.pause()
        linear = frame(app)
        assert "run 2" in linear
        assert "run 1" in linear
        await pilot.press("l")
        await pilot.pause()
        assert "0.1┤" in frame(app)
        assert "L linear scale" in frame(app)
        await pilot.press("l", "e")
        await pilot.pause()
        assert "run 2" not in frame(app)
        assert "E show earlier runs" in frame(app)


async def test_a_rerun_of_the_same_length_is_drawn_anew() -> None:
    first = with_tick(Training(), tick(1, losses=losses(3.0, 2.0, 1.0)))
    second = with_tick(first, tick(2, losses=losses(1.0, 2.0, 3.0)))
    panel = TrainingPanel(TrainingView(first, False))
    app = Host(panel)
    async with app.run_test(size=(60, 24)) as pilot:
        panel.focus()
        await pilot.press("e")
        await pilot.pause()
        before = frame(app)
        panel.view = TrainingView(second, False)
        await pilot.pause()
        await pilot.pause()
        assert frame(app) != before


async def test_a_loss_that_became_nan_is_told_in_words() -> None:
    training = with_tick(Training(), tick(1, steps=3, backwards=3, losses=losses(1.0, None, None)))
    [curve] = training.curves
    bad = replace(training, curves=(replace(curve, bad="NaN", bad_at=2),))
    app = Host(TrainingPanel(TrainingView(bad, False)))
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        assert "✗ loss became NaN at step 2." in frame(app)
        assert "learning rate" in frame(app)


@pytest.mark.parametrize("width", WIDTHS)
async def test_gradients_are_told_in_words(width: int) -> None:
    app = Host(GradientsPanel(gradients()))
    async with app.run_test(size=(width, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()
        words = " ".join(frame(app).split())
        for part in ("▿ vanishing", "✓ healthy", "◼ dead", "✗ NaN", "step 29", "net.0.weight",
                     "clipped 7.0 → 0.9 (limit 1.0)", "… 3 more parameters",
                     "dead since step 10"):  # fmt: skip
            assert part in words, (part, words)


async def test_many_parameters_scroll() -> None:
    norms = look(1, *[0.5] * 150)
    panel = GradientsPanel(with_norms(Gradients(), norms))
    app = Host(panel)
    app.animation_level = "none"
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        panel.focus()
        await pilot.press("end")
        for _ in range(3):
            await pilot.pause()
        assert "net.149.weight" in frame(app)


async def test_empty_panels_teach() -> None:
    for panel, hint in ((TrainingPanel(), "loss.backward()"), (GradientsPanel(), "net.fc.weight")):
        app = Host(panel)
        async with app.run_test(size=(44, 24)) as pilot:
            await pilot.pause()
            assert hint in frame(app)


@pytest.mark.parametrize("theme", ["tutor-light", "ansi-dark"])
async def test_panels_draw_in_other_themes_and_follow_a_change(theme: str) -> None:
    app = Host(TrainingPanel(trained(2)), GradientsPanel(gradients()))
    async with app.run_test(size=(80, 50)) as pilot:
        await pilot.pause()
        if theme not in app.available_themes:
            pytest.skip(f"this Textual has no theme {theme}")
        dark = app.screen._compositor.render_strips()
        app.theme = theme
        await pilot.pause()
        assert app.screen._compositor.render_strips() != dark
        assert "━━ loss" in frame(app)


async def test_lessons_can_name_both_panels() -> None:
    titles = {panel.id: panel.title for panel in PANELS}
    assert titles["training"] == "Train"
    assert titles["gradients"] == "Grads"
    app = Host(Inspector())
    async with app.run_test(size=(60, 24)) as pilot:
        inspector = app.query_one(Inspector)
        for name, hint in (("training", "Nothing has been trained"), ("gradients", "No gradients")):
            inspector.bring(name)
            await pilot.pause()
            await pilot.pause()
            assert hint in frame(app)


def test_help_is_three_sentences() -> None:
    for panel in (TrainingPanel, GradientsPanel):
        assert (panel.HELP or "").count(". ") + 1 == 3
        assert issubclass(panel, Widget)
