"""Norms of every kind of tensor, read without a change to it."""

from __future__ import annotations

import math

import pytest
import torch

from tutor import raw
from tutor.worker.observe.training.gradients import (
    copies,
    gradient_of,
    leaves_of,
    norms,
    readable,
    total_of,
)


def test_norms_are_those_of_torch_in_any_mixture() -> None:
    torch.manual_seed(0)
    tensors = [
        torch.randn(3, 4), torch.randn(5).double(), torch.zeros(2), None, torch.empty(0),
        torch.randn(4, 4).t()[::2], torch.randn(3, dtype=torch.complex64), torch.arange(4),
    ]  # fmt: skip
    with raw.below_everything():
        found = norms(tensors)
    for tensor, norm in zip(tensors, found, strict=True):
        if tensor is None:
            assert norm is None
        else:
            wide = tensor.cdouble() if tensor.is_complex() else tensor.double()
            assert norm == pytest.approx(wide.norm().item(), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_large_gradients_in_half_precision_do_not_overflow(dtype: torch.dtype) -> None:
    tensor = torch.full((100,), 60_000.0, dtype=dtype)
    with raw.below_everything():
        [norm] = norms([tensor])
    assert norm == pytest.approx(tensor.double().norm().item(), rel=1e-2)


def test_what_is_not_finite_shows_up_as_itself() -> None:
    with raw.below_everything():
        nan, inf, fine = norms(
            [torch.tensor([1.0, math.nan]), torch.tensor([math.inf, 1.0]), torch.tensor([3.0, 4.0])]
        )
    assert nan is not None
    assert math.isnan(nan)
    assert (inf, fine) == (math.inf, 5.0)
    assert total_of([3.0, None, 4.0]) == 5.0
    assert total_of([None]) is None


def test_why_there_is_no_gradient() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    assert gradient_of(weight) == (None, "none")
    weight.requires_grad_(False)
    assert gradient_of(weight) == (None, "frozen")
    assert gradient_of(torch.ones(2, device="meta", requires_grad=True)) == (None, "unread")

    class Odd(torch.Tensor):
        pass

    assert not readable(torch.ones(2).as_subclass(Odd))


def test_sparse_gradients_are_read() -> None:
    table = torch.nn.Embedding(5, 3, sparse=True)
    table(torch.tensor([1, 1, 4])).sum().backward()
    gradient, state = gradient_of(table.weight)
    assert state == ""
    with raw.below_everything():
        [norm] = norms([gradient])
    assert table.weight.grad is not None
    assert norm == pytest.approx(table.weight.grad.to_dense().norm().item())


def test_large_models_are_not_copied() -> None:
    small, large = torch.ones(10), torch.empty(1_000_001)
    with raw.below_everything():
        assert copies([large]) is None
        copied = copies([small])
    assert copied is not None
    assert copied[0].data_ptr() != small.data_ptr()


def test_all_leaves_of_a_backward_are_found_once() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    hidden = net(net(torch.ones(1, 2)))
    losses = [hidden.sum(), hidden.mean()]
    torch.autograd.backward(losses)
    assert {id(leaf) for leaf in leaves_of(losses)} == {id(p) for p in net.parameters()}
    assert len(leaves_of(losses)) == 4
