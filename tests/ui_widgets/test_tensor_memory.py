"""How the numbers of a tensor are spread, and how it steps through memory."""

from __future__ import annotations

import pytest
import torch

from tutor.ui.widgets.spread import shrunk, spread_lines
from tutor.ui.widgets.steps import step_lines, step_words, track
from tutor.worker.observe.histogram import BINS, FEWEST, histogram_of


def test_every_finite_number_is_counted_once() -> None:
    data = torch.randn(7, 200, generator=torch.Generator().manual_seed(0))
    data[0, :3] = torch.tensor([float("nan"), float("inf"), -float("inf")])
    found = histogram_of(data)
    assert len(found.counts) == BINS
    assert sum(found.counts) == 1400 - 3
    assert (found.low, found.high) == (data[1:].min().item(), data[1:].max().item())


def test_whole_numbers_get_a_bin_each() -> None:
    dice = torch.arange(6).repeat(10) + 1
    assert histogram_of(dice).counts == (10,) * 6
    flags = torch.tensor([True] * 30 + [False] * 10)
    assert histogram_of(flags).counts == (10, 30)


@pytest.mark.parametrize("data", [torch.ones(100), torch.rand(FEWEST - 1), torch.zeros(0)])
def test_nothing_where_a_picture_says_nothing(data: torch.Tensor) -> None:
    assert histogram_of(data).counts == ()


def test_the_tallest_bar_fills_the_height_and_a_lonely_number_is_still_seen() -> None:
    lines = [line.plain for line in spread_lines((1, 0, 1000), -1.0, 2.0, 40)]
    assert lines[1] == "    ██"
    assert lines[4] == "▁▁  ██"
    assert lines[5].startswith("−1.0")
    assert lines[5].endswith("2.0")
    assert shrunk((1, 2, 3, 4, 5), 3) == [3, 7, 5]


def test_strides_are_drawn_as_steps() -> None:
    turned = torch.zeros(3, 4).T
    lines = [line.plain for line in step_lines(turned.shape, turned.stride(), 4, 70)]
    assert lines[2].startswith("dim 0 ●●●●  ")
    assert lines[2].endswith("1 number, 4 B a step")
    assert lines[3].startswith("dim 1 ●···●···● ")
    assert lines[3].endswith("4 numbers, 16 B a step")


def test_steps_that_need_more_room_than_there_is_are_cut() -> None:
    assert track(28, 28, 40) == "●" + "·" * 27 + "●" + "·" * 10 + "…"
    assert track(2, 5000, 40) == "●···…"
    assert track(3, 0, 40) == "●"
    assert step_words(3, 0, 4) == "stands still: every place reads the same number"
    assert all(line.cell_length <= 60 for line in step_lines((2, 3, 4), (12, 4, 1), 4, 60))
    assert step_lines((), (), 4, 60) == []
