"""What the app makes of ticks and norms: curves, time left, earlier runs, and plain words."""

from __future__ import annotations

from typing import Any

import pytest

from tutor.session.observed_gradients import Gradients, with_norms, word_of
from tutor.session.observed_training import EARLIER, Training, is_held_out_loss, with_tick
from tutor.wire.observed.gradients import GradientNorms, GradRow
from tutor.wire.observed.training import LoopPlace, LossPoints, ScalarValue, TrainingTick


def tick(run: int = 1, block: str = "a", **fields: Any) -> TrainingTick:
    return TrainingTick(run, block, **{"seconds": 0.0, "steps": 0, "backwards": 0} | fields)  # type: ignore[arg-type]


def losses(*values: float | None, start: int = 1, name: str = "loss") -> tuple[LossPoints, ...]:
    return (LossPoints(name, 3, tuple(range(start, start + len(values))), values),)


def test_curves_grow_and_keep_their_names() -> None:
    training = with_tick(Training(), tick(losses=losses(3.0, 2.0)))
    training = with_tick(training, tick(losses=losses(1.0, start=3) + losses(9.0, name="ld")))
    assert {c.name: [y for _, y in c.series] for c in training.curves} == {
        "loss": [3.0, 2.0, 1.0],
        "ld": [9.0],
    }


def test_three_earlier_runs_of_a_cell_are_kept_newest_first() -> None:
    training = Training()
    for run in range(1, 7):
        training = with_tick(training, tick(run, losses=losses(float(run), 0.0)))
        training = with_tick(training, tick(100 + run, "other", losses=losses(5.0)))
    training = with_tick(training, tick(200, "a", losses=losses(1.0)))
    assert [run.run for run in training.earlier] == [6, 5, 4]
    assert len(training.earlier) == EARLIER
    assert training.earlier[0].curves[0].series[0] == (1, 6.0)


def test_a_run_without_a_loss_leaves_no_earlier_run() -> None:
    training = with_tick(Training(), tick(1))
    training = with_tick(training, tick(2, losses=losses(1.0)))
    assert training.before == ()


def test_time_left_follows_the_speed_of_the_last_seconds() -> None:
    training = Training()
    for step in range(1, 51):
        place = (LoopPlace("epoch", 1, 1, 2), LoopPlace("i", 2, step, 100))
        training = with_tick(
            training, tick(seconds=step * 0.5, steps=step, backwards=step, loops=place)
        )
    assert training.done == pytest.approx(0.25)
    assert training.speed == pytest.approx(2.0)
    assert training.remaining == pytest.approx(150 * 0.5, rel=0.02)
    over = with_tick(training, tick(seconds=25.0, steps=50, backwards=50, over=True))
    assert over.remaining is None
    assert over.over


def test_without_a_length_there_is_no_time_left() -> None:
    training = Training()
    for step in range(1, 5):
        place = (LoopPlace("epoch", 1, 0, 0, step), LoopPlace("i", 2, step, 100))
        training = with_tick(training, tick(seconds=float(step), steps=step, loops=place))
    assert training.done is None
    assert training.remaining is None


def test_a_kept_number_has_a_point_for_every_change() -> None:
    training = Training()
    for at, value in enumerate([0.1, 0.1, 0.2, 0.2, None, None, 0.1], 1):
        training = with_tick(
            training, tick(backwards=at, scalars=(ScalarValue("accuracy", value),))
        )
    [item] = training.tracked
    assert [x for x, _ in item.series] == [1, 3, 5, 7]
    assert not item.beside


@pytest.mark.parametrize(
    ("name", "held_out"),
    [
        ("val_loss", True), ("valid_loss", True), ("test_loss", True), ("loss_val", True),
        ("validation_mse", True), ("valLoss", True), ("val_acc", False), ("accuracy", False),
        ("running_loss", False), ("train_loss", False), ("latest_loss", False), ("value", False),
    ],
)  # fmt: skip
def test_held_out_losses_are_known_by_their_names(name: str, held_out: bool) -> None:
    assert is_held_out_loss(name) is held_out


def look(step: int, *norms: float | None, run: int = 1, **fields: Any) -> GradientNorms:
    rows = tuple(
        GradRow(f"net.{n}.weight", (2, 2), norm, 2.0, 0.002, "nan" if norm is None else "")
        for n, norm in enumerate(norms)
    )
    return GradientNorms(run, "a", step, fields.pop("optimizer", "opt"), rows, **fields)


def words(gradients: Gradients) -> list[str]:
    return [row.word for row in gradients.groups[0].rows]


def test_healthy_gradients_are_called_healthy() -> None:
    gradients = Gradients()
    for step in range(1, 40):
        gradients = with_norms(gradients, look(step, 1.0 / step, 0.5, 2.0))
    assert words(gradients) == ["healthy"] * 3
    assert gradients.groups[0].rows[0].ratio == pytest.approx(0.001)
    assert len(gradients.groups[0].rows[0].history) == 39


def test_early_layers_that_get_far_less_vanish() -> None:
    gradients = with_norms(Gradients(), look(1, 1e-6, 1e-4, 0.1, 0.5, 0.4))
    assert words(gradients) == ["vanishing", "healthy", "healthy", "healthy", "healthy"]
    late = with_norms(Gradients(), look(1, 0.5, 0.4, 0.3, 1e-5))
    assert words(late)[3] == "healthy", "small near the output is not vanishing"


def test_a_sudden_rise_explodes_and_tells_since_when() -> None:
    gradients = Gradients()
    for step in range(10, 80, 10):
        gradients = with_norms(gradients, look(step, 1.0, 1.0))
    gradients = with_norms(gradients, look(80, 1.0, 30.0))
    assert words(gradients) == ["healthy", "exploding"]
    assert gradients.groups[0].rows[1].since == 80


def test_exactly_nothing_for_long_is_dead() -> None:
    gradients = Gradients()
    for step in range(1, 10):
        gradients = with_norms(gradients, look(step, 0.0, 1.0))
    assert words(gradients) == ["zero", "healthy"]
    gradients = with_norms(gradients, look(10, 0.0, 1.0))
    assert words(gradients) == ["dead", "healthy"]


def test_nan_tells_the_step_it_began_at() -> None:
    gradients = with_norms(with_norms(Gradients(), look(8, 1.0)), look(9, None))
    gradients = with_norms(gradients, look(20, None))
    [row] = gradients.groups[0].rows
    assert (row.word, row.since) == ("NaN", 9)


def test_a_look_before_the_first_step_gives_way_to_the_optimizer() -> None:
    gradients = with_norms(Gradients(), look(1, 1.0, optimizer=""))
    gradients = with_norms(gradients, look(1, 1.0))
    assert [group.optimizer for group in gradients.groups] == ["opt"]
    assert with_norms(gradients, look(1, 1.0, run=2)).groups[0].history.span() == (1, 1)


def test_reasons_for_no_gradient_have_their_words() -> None:
    assert word_of(None, "none", 0, None, 0.0) == "none"
    assert word_of(None, "frozen", 0, None, 0.0) == "frozen"
    assert word_of(None, "inf", 0, None, 0.0) == "infinite"
    assert word_of(None, "unread", 0, None, 0.0) == "unread"
