"""Series grow without being copied, stay frozen, and keep every spike."""

from __future__ import annotations

import math
import random
import time

import pytest

from tutor.session import series as module
from tutor.session.series import Series


def of(values: list[float | None]) -> Series:
    return Series().extended(enumerate(values, 1))


def test_a_series_is_not_changed_by_what_is_appended_later() -> None:
    first = of([1.0, 2.0])
    second = first.extended([(3, 9.0)])
    other = first.extended([(3, -9.0)])
    assert list(first) == [(1, 1.0), (2, 2.0)]
    assert [y for _, y in second] == [1.0, 2.0, 9.0]
    assert [y for _, y in other] == [1.0, 2.0, -9.0]
    assert first.extremes(0, 10) == (1.0, 2.0)
    assert second != other


@pytest.mark.parametrize("holes", [False, True])
def test_extremes_are_those_of_the_points(holes: bool) -> None:
    rng = random.Random(5)
    values: list[float | None] = [rng.gauss(0, 1) for _ in range(5_000)]
    if holes:
        for place in rng.sample(range(5_000), 3_000):
            values[place] = None
    whole = Series()
    for start in range(0, 5_000, 7):  # as it comes over the wire
        whole = whole.extended(enumerate(values[start : start + 7], start))
    for _ in range(300):
        first, stop = sorted(rng.sample(range(5_001), 2))
        inside = [value for value in values[first:stop] if value is not None]
        expected = (min(inside), max(inside)) if inside else None
        assert whole.extremes(first, stop) == expected


def test_what_is_not_finite_is_a_hole_and_x_never_falls() -> None:
    series = Series().extended([(5, 1.0), (3, math.inf), (4, math.nan), (9, None)])
    assert [x for x, _ in series] == [5, 5, 5, 9]
    assert [y == y for _, y in series] == [True, False, False, False]
    assert series.last == 1.0
    assert series.extremes(1, 4) is None


def test_a_million_points_are_looked_through_as_fast_as_a_thousand() -> None:
    def cost(count: int) -> float:
        series = Series().extended((n, float(n % 97)) for n in range(count))
        times = []
        for _ in range(5):
            began = time.process_time()
            for part in range(200):
                series.extremes(count * part // 200 + 1, count * (part + 1) // 200 - 1)
            times.append(time.process_time() - began)
        return min(times)

    assert cost(1_000_000) < 12 * cost(1_000)  # a thousand times the points


def test_thinning_keeps_the_spike() -> None:
    values: list[float | None] = [0.0] * 100_000
    values[54_321] = 7.0
    thin = of(values).thinned(500)
    assert len(thin) <= 520
    assert thin.extremes(0, len(thin)) == (0.0, 7.0)
    [x] = [x for x, y in thin if y == 7.0]
    assert abs(x - 54_321) < 500


def test_very_long_series_go_on_with_extremes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FULL", 100)
    series = of([0.0] * 101)
    series = series.extended([(n, float(n == 150)) for n in range(102, 202)])
    assert len(series) <= 103
    assert series.extremes(0, 200) == (0.0, 1.0)
