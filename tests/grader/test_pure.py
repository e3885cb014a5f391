"""The pure parts of the grader: comparison, pictures, rules on the text, and whom to blame."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import torch

from tutor.grader.blame import suspect, tainted_names
from tutor.grader.compare import difference, tolerances
from tutor.grader.grids import COLUMNS, ROWS, grid, grid_pair, plain_grid
from tutor.grader.rules import words_in
from tutor.plain import clip, joined, number_text

# ------------------------------------------------------------------ comparing


@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.int64],
    ids=str,
)
def test_tolerances_are_those_of_torch_testing(dtype: torch.dtype) -> None:
    from torch.testing._comparison import default_tolerances

    assert tolerances(dtype, dtype) == default_tolerances(dtype)


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_assert_close(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    want = torch.randn(3, 4, generator=generator)
    got = want + torch.randn(3, 4, generator=generator) * 10.0 ** (-seed / 3)
    try:
        torch.testing.assert_close(got, want)
        agrees = True
    except AssertionError:
        agrees = False
    assert (difference(got, want) is None) == agrees


def test_nan_equals_nan_and_infinity_equals_only_itself() -> None:
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0])
    assert difference(x, x.clone()) is None
    found = difference(torch.tensor([1.0, 1e30, float("inf"), float("nan")]), x)
    assert found is not None
    assert found.count == 4


def test_integers_are_exact_even_where_float64_is_not() -> None:
    big = torch.tensor([2**62])
    assert difference(big + 1, big) is not None
    assert difference(big, big.clone()) is None
    assert difference(torch.tensor([1.0]), torch.tensor([1])) is None


def test_the_first_difference_is_the_first_in_reading_order() -> None:
    want = torch.zeros(2, 3, 4)
    got = want.clone()
    got[1, 0, 2] = got[1, 2, 1] = 1
    found = difference(got, want)
    assert found is not None
    assert (found.first, found.count) == ((1, 0, 2), 2)


# ------------------------------------------------------------------ pictures


def pair(got: torch.Tensor, want: torch.Tensor) -> Any:
    found = difference(got, want, rtol=0.0, atol=0.0)
    assert found is not None
    return grid_pair(want, got, found.wrong, found.first)


def test_both_pictures_show_the_same_window_around_the_difference() -> None:
    want = torch.zeros(100, 200)
    got = want.clone()
    got[50, 120] = 1.0
    expected, mine = pair(got, want)
    for picture in (expected, mine):
        assert len(picture.cells) == ROWS
        assert {len(row) for row in picture.cells} == {COLUMNS}
        assert len(picture.marked) == 1
        row, column = picture.marked[0]
    assert mine.cells[row][column] == "1.0"
    assert expected.cells[row][column] == "0.0"
    assert mine.note == "rows 47–52 of 100; columns 116–123 of 200"


@pytest.mark.parametrize("place", [(0, 0), (5, 7), (6, 8), (99, 199), (99, 0)])
def test_the_difference_is_always_in_the_window(place: tuple[int, int]) -> None:
    want = torch.zeros(100, 200)
    got = want.clone()
    got[place] = 1.0
    _, mine = pair(got, want)
    row, column = mine.marked[0]
    assert mine.cells[row][column] == "1.0"


def test_the_slice_of_a_larger_tensor_is_named() -> None:
    want = torch.zeros(2, 3, 2, 2)
    got = want.clone()
    got[1, 2, 0, 1] = 5
    _, mine = pair(got, want)
    assert mine.note == "slice [1, 2, :, :] of 2×3×2×2"
    assert mine.marked == ((0, 1),)


def test_digits_are_added_until_the_difference_shows() -> None:
    expected, mine = pair(torch.tensor([1.00001]), torch.tensor([1.0]))
    assert expected.cells[0][0] != mine.cells[0][0]


@pytest.mark.parametrize(
    ("tensor", "cells", "note"),
    [
        (torch.tensor(2.0), (("2.0",),), ""),
        (torch.tensor([True, False]), (("True", "False"),), ""),
        (torch.tensor([1 + 2j]), (("1.0+2.0j",),), ""),
        (torch.empty(0, 3), (), "empty: it holds no number"),
        (torch.empty(2, device="meta"), (), "no data: this tensor is on the meta device"),
        (torch.ones(1).bfloat16(), (("1.0",),), ""),
    ],
    ids=str,
)
def test_every_kind_of_tensor_has_a_picture(tensor: torch.Tensor, cells: Any, note: str) -> None:
    picture = grid("x", tensor)
    assert (picture.cells, picture.note) == (cells, note)


def test_values_that_are_no_tensors_have_one_row() -> None:
    assert plain_grid("yours", "text").cells == (("'text'",),)
    assert plain_grid("yours", [1, 2.5]).cells == (("1", "2.5"),)
    assert plain_grid("yours", list(range(20))).note == "and 12 more"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.594588, "-0.5946"),
        (123456.0, "123456.0"),
        (1e-7, "1e-07"),
        (3.4e38, "3.4e+38"),
        (float("nan"), "NaN"),
        (-float("inf"), "-inf"),
        (12345678, "12345678"),
        (True, "True"),
        (99999.96, "100000.0"),
        (9999.6, "9999.6"),
        (999.96, "1000.0"),
    ],
)
def test_numbers_are_short_and_readable(value: Any, text: str) -> None:
    assert number_text(value) == text


def test_texts_are_cut_with_a_sign() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("\udcff") == "?"
    assert joined(["a", "b", "c"], "or") == "a, b or c"


# ------------------------------------------------------------------ rules


@pytest.mark.parametrize(
    ("source", "word", "line"),
    [
        ("for i in x: pass", "for", 1),
        ("y = [i for i in x]", "for", 0),
        ("y = [i for i in x]", "comprehension", 1),
        ("# for\n'while'\nx = 'for i in y'", "for", 0),
        ("x = 1\ntorch.cdist(a, b)", "cdist", 2),
        ("torch.softmax(x)", "torch.softmax", 1),
        ("x.softmax(0)", "torch.softmax", 0),
        ("x.softmax(0)", "softmax", 1),
        ("F.softmax(x)", "torch.nn.functional.softmax", 1),
        ("F.softmax(x)", "F.softmax", 1),
        ("import torch.nn.functional as fun\nfun.softmax(x)", "F.softmax", 2),
        ("from torch import softmax as sm\nsm(x)", "torch.softmax", 2),
        ("from torch import softmax as sm\nsm(x)", "softmax", 2),
        ("getattr(torch, 'softmax')(x)", "torch.softmax", 1),
        ("a @ b", "@", 1),
        ("a @= b", "@", 1),
        ("a * b", "@", 0),
        ("@wraps\ndef f(): pass", "@", 0),
        ("def softmax(x): return x", "softmax", 0),
        ("softmax = 3", "softmax", 0),
    ],
)
def test_a_word_is_found_where_it_is_used_and_nowhere_else(
    source: str, word: str, line: int
) -> None:
    assert words_in(source).line_of(word) == line


# ------------------------------------------------------------------ blame


def test_what_comes_from_the_learner_taints_what_is_made_of_it() -> None:
    tree = ast.parse(
        "f = s.function('f')\nx = s.randn(3)\nout = f(x)\nmean = out.mean()\n"
        "for row in out: last = row\nwant = x * 2\nlater = first\nfirst = mean"
    )
    assert tainted_names(tree) == {"f", "out", "mean", "row", "last", "later", "first"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("out.shape", "out"),
        ("y = out + torch.ones(2)", "out"),
        ("torch.ones(2) @ torch.ones(3)", None),
        ("undefined(out)", None),
        ("torch.nonsense(out)", None),
    ],
)
def test_a_crash_is_the_learners_only_where_their_value_was_used(
    line: str, name: str | None
) -> None:
    source = f"def check(s):\n    out = s.value('x')\n    {line}\n"

    class Speaker:
        def value(self, name: str) -> Any:
            return [1]

    names: dict[str, Any] = {"torch": torch}
    exec(compile(source, "<check>", "exec"), names)
    with pytest.raises(Exception) as caught:  # noqa: PT011  (any crash will do)
        names["check"](Speaker())
    found = suspect(caught.value, source, "<check>")
    assert (found.name if found else None) == name
