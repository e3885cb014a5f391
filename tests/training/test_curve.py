"""Curves: what a reader sees in the dots, the axes and the legend."""

from __future__ import annotations

import math

import pytest

from tutor.session.series import Series
from tutor.ui.widgets.axes import label, ticks
from tutor.ui.widgets.curve import Trace, chart, legend, small


def series(values: list[float], start: int = 1) -> Series:
    return Series().extended(enumerate(values, start))


def text(rows: list) -> list[str]:
    return ["".join(part for part, _ in row) for row in rows]


def roles(rows: list) -> set[str]:
    return {role for row in rows for part, role in row if part.strip()}


FALLING = Trace("loss", series([2.0 - n / 100 for n in range(200)]))


@pytest.mark.parametrize("width", [16, 36, 44, 80, 120])
@pytest.mark.parametrize("height", [4, 9, 20])
@pytest.mark.parametrize("log", [False, True])
def test_every_row_has_the_width_of_the_picture(width: int, height: int, log: bool) -> None:
    traces = [
        FALLING,
        Trace("val", series([1.0, 3.0]), "mark"),
        Trace("old", FALLING.series, "faint"),
    ]
    rows = text(chart(traces, width, height, log, "steps"))
    assert len(rows) == height
    assert {len(row) for row in rows} == {width}


def test_a_falling_line_falls_from_the_top_left_to_the_bottom_right() -> None:
    rows = text(chart([FALLING], 40, 12, unit="steps"))
    tops = [next(i for i, row in enumerate(rows) if row[x] not in " │┤") for x in (4, 20, 39)]
    assert tops[0] == 0
    assert tops[0] < tops[1] < tops[2] == 9
    assert rows[-1].split() == ["1", "steps", "200"]


def test_one_spike_in_a_million_points_is_drawn() -> None:
    values = [0.0] * 1_000_000
    values[500_000] = 5.0
    whole = series(values)
    rows = text(chart([Trace("loss", whole)], 60, 12))
    assert all(any(0x2800 < ord(c) < 0x2900 for c in row) for row in rows[:10])
    assert max(small(whole, 8)) == "█"


def test_lines_differ_without_their_colours() -> None:
    flat = [Trace(name, series([float(n)] * 100)) for n, name in enumerate("abc", 1)]
    rows = text(chart(flat, 60, 16))
    patterns = {row[4:].strip()[:12] for row in rows if any(ord(c) > 0x2800 for c in row)}
    assert len(patterns) == 3
    glyphs = [entry.split()[0] for entry in text(legend(flat, 80))[0].split("  ")]
    assert len(set(glyphs)) == 3


def test_marks_stand_on_the_points_and_say_so_in_the_legend() -> None:
    traces = [FALLING, Trace("val_loss", Series().extended([(50, 1.5), (150, 1.0)]), "mark")]
    rows = text(chart(traces, 60, 12))
    assert sum(row.count("×") for row in rows) == 2
    assert "× val_loss 1.0" in text(legend(traces, 60, ("0.1", "1.0")))[0]


def test_where_it_stopped_being_a_number_is_marked() -> None:
    broken = Trace("loss", series([1.0, 2.0, math.nan, math.nan]), "line", bad_at=3)
    rows = chart([broken], 40, 10)
    assert "✗" in text(rows)[0]
    assert "bad" in roles(rows)


def test_an_earlier_run_is_faint_and_does_not_squash_the_present_one() -> None:
    wild = Trace("run 1", series([1e6] * 50 + [1.0] * 50), "faint")
    rows = chart([FALLING, wild], 60, 14)
    assert {"line0", "faint"} <= roles(rows)
    used = [row for row in rows if any(role == "line0" for _, role in row)]
    assert len(used) >= 5


def test_a_log_scale_shows_powers_of_ten_and_leaves_out_what_is_not_positive() -> None:
    decay = Trace("loss", series([10 ** (-n / 20) for n in range(100)] + [0.0, -1.0]))
    rows = text(chart([decay], 60, 16, log=True))
    assert "1┤" in "".join(rows)
    assert "0.01┤" in "".join(rows)
    straight = [next(i for i, row in enumerate(rows) if row[x] not in " │┤") for x in (10, 30, 50)]
    assert abs((straight[0] + straight[2]) / 2 - straight[1]) <= 1
    assert chart([Trace("loss", series([-1.0, 0.0]))], 60, 16, log=True) == []


def test_points_that_are_all_the_same_are_a_line_in_the_middle() -> None:
    for value in (0.0, 5.0, -3.0):
        rows = text(chart([Trace("loss", series([value] * 20))], 40, 11))
        [dotted] = [i for i, row in enumerate(rows) if any(ord(c) > 0x2800 for c in row)]
        assert 3 <= dotted <= 5


def test_nothing_is_drawn_without_points_or_room() -> None:
    assert chart([], 60, 16) == []
    assert chart([Trace("loss")], 60, 16) == []
    assert chart([FALLING], 10, 16) == []
    assert chart([FALLING], 60, 3) == []
    assert chart([Trace("loss", series([math.nan] * 5))], 60, 16) == []


@pytest.mark.parametrize(
    ("low", "high", "log", "expected"),
    [
        (0.0, 1.0, False, ["0", "0.5", "1"]),
        (0.31, 2.3, False, ["0.5", "1", "1.5", "2"]),
        (-5.0, 5.0, False, ["−5", "0", "5"]),
        (1e-5, 1.0, True, ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1"]),
        (0.2, 0.9, True, ["0.2", "0.3", "0.5"]),
        (1e6, 1.2e6, False, ["1e6", "1.1e6", "1.2e6"]),
    ],
)
def test_axes_have_round_numbers(low: float, high: float, log: bool, expected: list[str]) -> None:
    assert [label(number) for number in ticks(low, high, len(expected), log)] == expected


def test_small_curves_have_one_character_a_part() -> None:
    assert small(series([1.0, 2.0, 3.0, 4.0]), 4) == "▁▃▆█"
    assert small(series([1.0, math.nan, 3.0]), 3) == "▁×█"
    assert small(Series(), 4) == ""
    assert small(series([1.0] * 100), 5) == "▁▁▁▁▁"
