"""When a cell's text agrees with the reference, for each way of comparing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tutor.course.model import Output, Place
from tutor.lint.outputs import difference, shown_text
from tutor.session.snapshot import CellRun, OutputLine, Problem
from tutor.session.snapshot import Output as Printed


def agrees(match: Any, reference: str, text: str) -> bool:
    return not difference(Output(reference, match, Place(Path("a.md"), 1)), text)


@pytest.mark.parametrize(
    ("reference", "text", "same"),
    [
        ("tensor([1, 2])", "tensor([1, 2])", True),
        ("a  \nb\n\n", "a\nb", True),
        ("  a", "a", False),
        ("1.0", "1.00", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_exact_minds_all_but_what_cannot_be_seen(reference: str, text: str, same: bool) -> None:
    assert agrees("exact", reference, text) is same


@pytest.mark.parametrize(
    ("reference", "text", "same"),
    [
        ("tensor([0.1, 0.2])", "tensor([-0.7312,  1.5e-05])", True),
        ("tensor([[1., 2.],\n        [3., 4.]])", "tensor([[ 0.1,  2.2], [ 3.3,  4.4]])", True),
        ("tensor([0.1, 0.2])", "tensor([0.1, 0.2, 0.3])", False),
        ("tensor([1, nan])", "tensor([inf, 2])", True),
        ("torch.Size([2, 3])", "torch.Size([2, 3])", True),
        ("torch.Size([2, 3])", "torch.Size([3, 2])", False),
        ("loss 0.31", "loss 0.29", True),
        ("loss 0.31", "cost 0.31", False),
        ("torch.float32", "torch.float64", False),
        ("conv1(3)", "conv2(3)", False),
    ],
)
def test_shape_minds_all_but_numbers(reference: str, text: str, same: bool) -> None:
    assert agrees("shape", reference, text) is same


def test_regex_must_match_the_whole_text() -> None:
    assert agrees("regex", r"took \d+ ms", "took 31 ms")
    assert not agrees("regex", r"took \d+", "took 31 ms")
    assert agrees("regex", "a\n\\d", "a\n7")


def test_none_minds_nothing() -> None:
    assert agrees("none", "a", "b")


def test_what_is_shown_is_prints_then_value_then_the_error() -> None:
    printed = Printed((OutputLine("one"), OutputLine("two ")), 2)
    run = CellRun("a", "done", "", 1, output=printed, value="tensor(1)")
    assert shown_text(run) == "one\ntwo\ntensor(1)"
    failed = CellRun("a", "error", "", 1, problem=Problem("builtins.KeyError", "'x'"))
    assert shown_text(failed) == "KeyError: 'x'"


def test_a_long_difference_is_cut() -> None:
    text = "\n".join(map(str, range(100)))
    found = difference(Output("x", "exact", Place(Path("a.md"), 1)), text)
    assert "more lines" in found
    assert found.count("\n") < 30
