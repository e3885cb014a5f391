"""Assertions about one value: a mismatch in words and pictures, or None."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tutor.grader.compare import Difference, difference, tolerances
from tutor.grader.failures import CheckBroken, Mismatch
from tutor.grader.grids import grid_pair, plain_grid
from tutor.grader.proxies import RemoteObject
from tutor.grader.words import capitalised, kind_of, shape_words
from tutor.plain import clip, counted, number_text
from tutor.raw import dtype_name
from tutor.values import origin

_NUMBERS = (int, float, complex, np.generic)


def close(
    got: Any,
    want: Any,
    rtol: float | None = None,
    atol: float | None = None,
    dtype: bool = True,
    what: str = "",
) -> Mismatch | None:
    """Shape, dtype and values of tensors, arrays, numbers, and of lists and dicts of them."""
    if isinstance(want, torch.Tensor):
        return is_tensor(got, what, want) or _tensors_close(got, want, rtol, atol, dtype, what)
    if isinstance(want, np.ndarray):
        return _arrays_close(got, want, rtol, atol, dtype, what)
    if isinstance(want, bool) or want is None or isinstance(want, str):
        return equal(got, want, what)
    if isinstance(want, _NUMBERS):
        return _numbers_close(got, want, rtol, atol, what)
    if isinstance(want, list | tuple | dict):

        def each(one: Any, other: Any, place: str) -> Mismatch | None:
            return close(one, other, rtol, atol, dtype, place)

        return _items(got, want, what, each)
    raise CheckBroken(f"s.close cannot compare with {kind_of(want)}")


def equal(got: Any, want: Any, what: str = "") -> Mismatch | None:
    """Exact equality of numbers, strings, bools, None, tensors, and lists and dicts of those."""
    if isinstance(want, torch.Tensor):
        return close(got, want, rtol=0.0, atol=0.0, what=what)
    if isinstance(want, np.ndarray):
        return close(got, want, rtol=0.0, atol=0.0, what=what)
    if isinstance(want, list | tuple | dict):
        return _items(got, want, what, equal)
    if isinstance(got, np.generic):
        got = got.item()
    if isinstance(want, np.generic):
        want = want.item()
    alike = type(got) in _COMPARABLE and isinstance(got, bool) == isinstance(want, bool)
    if alike and (got == want or (_is_nan(got) and _is_nan(want))):
        return None
    return _wrong_plain(got, want, what)


def same(got: Any, want: Any, rtol: float | None, atol: float | None) -> bool:
    """True when `close` would hold, dtypes aside. Never raises for what the learner returned."""
    return close(got, want, rtol, atol, dtype=False) is None


def is_tensor(x: Any, what: str = "", want: torch.Tensor | None = None) -> Mismatch | None:
    """`x` must be a tensor; `want` only adds the expected shape to the message."""
    if isinstance(x, torch.Tensor):
        return None
    shape = f" {shape_words(tuple(want.shape))}" if want is not None else ""
    message = f"{capitalised(kind_of(x))} came back, expected a tensor{shape}."
    if x is None:
        message += " Is there a `return`?"
    elif isinstance(x, _NUMBERS) and want is not None and want.dim() == 0:
        message += " Leave out `.item()` or `float(…)`."
    elif isinstance(x, list):
        message += " `torch.tensor(…)` or `torch.stack(…)` makes one of a list."
    elif isinstance(x, np.ndarray):
        message += " `torch.from_numpy(…)` makes one of an array."
    return Mismatch(_say(what, message))


def shape(x: Any, want: Any, what: str = "") -> Mismatch | None:
    """The shape of a tensor or array; `want` is a shape, one number, or a tensor."""
    expected = _as_shape(want)
    if isinstance(x, np.ndarray):
        found = x.shape
    else:
        wrong = is_tensor(x, what)
        if wrong:
            return wrong
        found = tuple(x.shape)
    if found == expected:
        return None
    return Mismatch(_say(what, f"Shape {shape_words(found)}, expected {shape_words(expected)}."))


def dtype(x: Any, want: torch.dtype, what: str = "") -> Mismatch | None:
    """The dtype of a tensor."""
    wrong = is_tensor(x, what)
    if wrong or x.dtype is want:
        return wrong
    message = f"dtype {dtype_name(x.dtype)}, expected {dtype_name(want)}."
    return Mismatch(_say(what, message))


def device(x: Any, want: Any, what: str = "") -> Mismatch | None:
    """Where a tensor was in the learner's process; `want` "cuda" also accepts "cuda:0"."""
    wrong = is_tensor(x, what)
    if wrong:
        return wrong
    found, expected = torch.device(origin(x).device), torch.device(want)
    if found.type == expected.type and expected.index in (None, found.index):
        return None
    return Mismatch(_say(what, f"The tensor is on {found}, expected {expected}."))


def requires_grad(x: Any, want: bool, what: str = "") -> Mismatch | None:
    """Whether autograd records for a tensor."""
    wrong = is_tensor(x, what)
    if wrong:
        return wrong
    found = origin(x).requires_grad
    if found == bool(want):
        return None
    return Mismatch(_say(what, f"requires_grad is {found}, expected {bool(want)}."))


# ------------------------------------------------------------------ inside


def _tensors_close(
    got: torch.Tensor,
    want: torch.Tensor,
    rtol: float | None,
    atol: float | None,
    check_dtype: bool,
    what: str,
) -> Mismatch | None:
    wrong = shape(got, want, what) or (dtype(got, want.dtype, what) if check_dtype else None)
    if wrong:
        return wrong
    if got.device.type == "meta" and want.device.type != "meta":
        return Mismatch(_say(what, "The tensor holds no data: it is on the meta device."))
    if want.device.type == "meta":
        return None
    found = difference(got, want, rtol, atol)
    return _different(got.detach(), want.detach(), found, what) if found else None


def _different(got: torch.Tensor, want: torch.Tensor, found: Difference, what: str) -> Mismatch:
    expected_grid, got_grid = grid_pair(want, got, found.wrong, found.first)
    mine, theirs = got[found.first].item(), want[found.first].item()
    row, column = _visible(got_grid, found)
    shown = f"{got_grid.cells[row][column]}, expected {expected_grid.cells[row][column]}"
    if got.dim() == 0:
        message, difference_text = f"{shown.replace(',', ' came back,', 1)}.", ""
    else:
        message = "The shape is right, the numbers are not."
        difference_text = f"first difference at {place_text(found.first)}: {shown}"
        if got.numel() > 1:
            difference_text += f" ({found.count} of {got.numel()} differ)"
    if _is_nan(mine) and not _is_nan(theirs):
        message = "The shape is right, but there is NaN where a number should be."
        if got.dim() == 0:
            message = f"NaN came back, expected {expected_grid.cells[row][column]}."
    elif _is_nan(theirs) and not _is_nan(mine):
        message = "The shape is right, but there is a number where NaN should be."
    return Mismatch(_say(what, message), expected_grid, got_grid, difference_text)


def _visible(picture: Any, found: Difference) -> tuple[int, int]:
    """The cell of the grid that holds the first difference."""
    return picture.marked[0] if picture.marked else (0, 0)


def place_text(index: tuple[int, ...]) -> str:
    """`index 3`, `row 0, column 1`, `[0, 2, 1]`."""
    if len(index) == 1:
        return f"index {index[0]}"
    if len(index) == 2:
        return f"row {index[0]}, column {index[1]}"
    return f"[{', '.join(map(str, index))}]"


def _arrays_close(
    got: Any,
    want: np.ndarray,
    rtol: float | None,
    atol: float | None,
    check_dtype: bool,
    what: str,
) -> Mismatch | None:
    if not isinstance(got, np.ndarray):
        message = f"{capitalised(kind_of(got))} came back, expected a NumPy array."
        if isinstance(got, torch.Tensor):
            message += " `.numpy()` makes one of a tensor."
        return Mismatch(_say(what, message))
    if check_dtype and got.dtype != want.dtype and got.shape == want.shape:
        return Mismatch(_say(what, f"dtype {got.dtype}, expected {want.dtype}."))
    one, other = torch.from_numpy(got.copy()), torch.from_numpy(want.copy())
    return _tensors_close(one, other, rtol, atol, check_dtype, what)


def _numbers_close(
    got: Any, want: Any, rtol: float | None, atol: float | None, what: str
) -> Mismatch | None:
    if isinstance(got, torch.Tensor) and got.dim() == 0 and got.device.type != "meta":
        got = got.item()
    elif isinstance(got, torch.Tensor):
        message = f"{capitalised(kind_of(got))} came back, expected a single number."
        return Mismatch(_say(what, message))
    if isinstance(got, bool) or not isinstance(got, _NUMBERS):
        return _wrong_plain(got, want, what)
    exact = isinstance(got, int) and isinstance(want, int) and rtol is None and atol is None
    if exact:
        return None if got == want else _wrong_plain(got, want, what)
    if _numbers_agree(got, want, rtol, atol):
        return None
    return _wrong_plain(got, want, what)


def _numbers_agree(got: Any, want: Any, rtol: float | None, atol: float | None) -> bool:
    # Python numbers usually come from float32 tensors, so they get float32's tolerance.
    relative, absolute = tolerances(torch.float32, torch.float32)
    relative = relative if rtol is None else rtol
    absolute = absolute if atol is None else atol
    one, other = complex(got), complex(want)
    if one == other or (cmath.isnan(one) and cmath.isnan(other)):
        return True
    if not (cmath.isfinite(one) and cmath.isfinite(other)):
        return False
    return abs(one - other) <= absolute + relative * abs(other)


def _items(
    got: Any, want: Any, what: str, each: Callable[[Any, Any, str], Mismatch | None]
) -> Mismatch | None:
    kind = type(want).__name__
    expected = dict if isinstance(want, dict) else (list, tuple)
    if not isinstance(got, expected):
        message = f"{capitalised(kind_of(got))} came back, expected a {kind} of {len(want)}."
        if got is None:
            message += " Is there a `return`?"
        return Mismatch(_say(what, message))
    if isinstance(want, dict):
        missing = [key for key in want if key not in got]
        extra = [key for key in got if key not in want]
        if missing or extra:
            key, verb = (missing[0], "is missing") if missing else (extra[0], "is not expected")
            return Mismatch(_say(what, f"The key {clip(repr(key), 60)} {verb}."))
        keys: list[Any] = list(want)
    else:
        if len(got) != len(want):
            message = f"The {kind} has {counted(len(got), 'item')}, expected {len(want)}."
            grids = (plain_grid("expected", want), plain_grid("yours", got))
            return Mismatch(_say(what, message), *grids)
        keys = list(range(len(want)))
    for key in keys:
        wrong = each(got[key], want[key], f"{what or 'item'} [{clip(repr(key), 60)}]")
        if wrong:
            return wrong
    return None


def _wrong_plain(got: Any, want: Any, what: str) -> Mismatch:
    pair = (plain_grid("expected", want), plain_grid("yours", _drawable(got)))
    numbers = isinstance(want, int | float) and isinstance(got, int | float)
    if numbers and not isinstance(want, bool) and not isinstance(got, bool):
        for digits in (4, 6, 9, 17):
            mine, theirs = number_text(got, digits), number_text(want, digits)
            if mine != theirs:
                break
        return Mismatch(_say(what, f"{mine} came back, expected {theirs}."), *pair)
    message = f"{capitalised(kind_of(got))} came back, expected {kind_of(want)}."
    if got is None:
        message += " Is there a `return`?"
    return Mismatch(_say(what, message), *pair)


_COMPARABLE = (type(None), bool, int, float, complex, str, torch.dtype, torch.device)


def _drawable(got: Any) -> Any:
    if isinstance(got, torch.Tensor | RemoteObject | np.ndarray):
        return kind_of(got)
    return got


def _as_shape(want: Any) -> tuple[int, ...]:
    if isinstance(want, torch.Tensor | np.ndarray):
        return tuple(want.shape)
    if isinstance(want, int):
        return (want,)
    return tuple(want)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _say(what: str, message: str) -> str:
    if not what:
        return message
    is_word = message[1:2].islower() or message[1:2] == " "
    return f"{what}: {message[:1].lower() + message[1:] if is_word else message}"
