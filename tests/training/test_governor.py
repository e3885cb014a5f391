"""How often is looked: pure numbers."""

from __future__ import annotations

import pytest

from tutor.worker.observe.training import governor


@pytest.mark.parametrize("step", [2, 3, 4, 6, 12, 30, 60, 500])
@pytest.mark.parametrize("period", [2, 3, 4, 5, 6])
def test_whatever_takes_turns_all_are_met(step: int, period: int) -> None:
    number, met = 0, set()
    for _ in range(100):
        number += governor.jittered(step, number)
        met.add(number % period)
    assert met == set(range(period))


def test_a_step_of_one_stays_one_and_others_grow_little() -> None:
    assert {governor.jittered(1, number) for number in range(100)} == {1}
    steps = [governor.jittered(100, number) for number in range(1_000)]
    assert min(steps) >= 100
    assert max(steps) < 108


def test_looks_that_cost_more_come_less_often() -> None:
    assert governor.interval(0.0001, 0.1) == 0.1
    assert governor.interval(0.01, 0.1) == pytest.approx(2.0)
    assert governor.gradient_pause(1, 0.0001) < governor.gradient_pause(3, 0.0001)
    assert governor.gradient_pause(100, 0.0001) == governor.GRADIENTS
    assert governor.gradient_pause(1, 0.05) == pytest.approx(10.0), "even the first ones"


def test_all_losses_at_first_then_some() -> None:
    assert governor.stride(governor.FULL - 1, 1e5) == 1
    assert governor.stride(governor.FULL, 1e5) == 500
    assert governor.stride(governor.FULL, 20.0) == 1


def test_the_next_look_is_predicted_from_the_speed() -> None:
    assert governor.steps_until(0.1, 1000.0) == 100
    assert governor.steps_until(-1.0, 1000.0) == 1
    assert governor.steps_until(0.1, 0.0) == 1
