"""Comparing tensors: where they differ, with the tolerances of torch.testing."""

from __future__ import annotations

from dataclasses import dataclass

import torch

_TOLERANCES = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex32: (1e-3, 1e-5),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}
"""(rtol, atol); the table in the documentation of torch.testing.assert_close."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two tensors of one shape differ. `wrong` is a mask, `first` its first index."""

    wrong: torch.Tensor
    first: tuple[int, ...]
    count: int


def difference(
    got: torch.Tensor, want: torch.Tensor, rtol: float | None = None, atol: float | None = None
) -> Difference | None:
    """Elements of `got` that are not close to `want`; None when all are. NaN equals NaN.

    Both must have one shape. Integers and bools are compared exactly unless a tolerance is
    given; with two dtypes the larger tolerance counts.
    """
    got, want = got.detach().cpu(), want.detach().cpu()
    relative, absolute = tolerances(got.dtype, want.dtype)
    relative = relative if rtol is None else rtol
    absolute = absolute if atol is None else atol
    one, other = _comparable(got, want)
    if relative or absolute:
        one, other = _inexact(one), _inexact(other)
        wrong = ~torch.isclose(one, other, rtol=relative, atol=absolute, equal_nan=True)
    else:
        both_nan = (one != one) & (other != other)
        wrong = (one != other) & ~both_nan
    count = int(wrong.sum())
    if not count:
        return None
    first = tuple(wrong.nonzero()[0].tolist())
    return Difference(wrong, first, count)


def tolerances(one: torch.dtype, other: torch.dtype) -> tuple[float, float]:
    """(rtol, atol) for comparing these two dtypes; (0, 0) is exact."""
    pairs = [_TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in (one, other)]
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def _comparable(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both in one dtype that loses nothing which matters."""
    if one.is_complex() or other.is_complex():
        return one.to(torch.complex128), other.to(torch.complex128)
    if one.is_floating_point() or other.is_floating_point():
        return one.double(), other.double()
    return one.to(torch.int64), other.to(torch.int64)


def _inexact(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_floating_point() or tensor.is_complex() else tensor.double()
