"""The tensor table: what a run did to each tensor, seen without touching any of them."""

from __future__ import annotations

import time
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tutor.wire.messages import TensorDetail, TensorRow, TensorsChanged
from tutor.worker.observe.detail import inspect_tensor
from tutor.worker.observe.tensors import MAX_ROWS, TensorWatch

torch.set_num_threads(1)  # as in every worker; two threads beside a busy machine crawl


class Space:
    """A namespace with a watch on it."""

    def __init__(self, **names: Any) -> None:
        self.names: dict[str, Any] = {"torch": torch, "__builtins__": {}}
        self.watch = TensorWatch(self.names)
        self.names.update(names)
        self.first = self.look()

    def look(self) -> TensorsChanged:
        return self.watch.look(1, self.names)

    def rows(self) -> dict[str, TensorRow]:
        return {row.path: row for row in self.look().rows}

    def row(self) -> TensorRow:
        return self.look().rows[0]

    def changes(self) -> dict[str, str]:
        return {path: row.change for path, row in self.rows().items() if row.change}


def test_the_paths_follow_the_namespace_into_modules_and_containers() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    batch = [torch.ones(2), {"y": torch.ones(1), 3: (torch.ones(1),)}]
    space = Space(z=torch.ones(2), model=model, batch=batch, _hidden=torch.ones(1), n=3)
    assert [(row.path, row.kind) for row in space.first.rows] == [
        ("z", "tensor"),
        ("model.0.weight", "parameter"),
        ("model.0.bias", "parameter"),
        ("model.1.weight", "parameter"),
        ("model.1.bias", "parameter"),
        ("model.1.running_mean", "buffer"),
        ("model.1.running_var", "buffer"),
        ("model.1.num_batches_tracked", "buffer"),
        ("batch[0]", "tensor"),
        ("batch[1]['y']", "tensor"),
        ("batch[1][3][0]", "tensor"),
    ]


def test_a_container_in_itself_is_walked_once() -> None:
    loop: list[Any] = [torch.ones(1)]
    loop.append(loop)
    assert len(Space(loop=loop).first.rows) == 1


def test_a_preloaded_name_counts_once_it_is_rebound() -> None:
    space = Space()
    space.names["torch"] = torch.ones(2)
    assert list(space.rows()) == ["torch"]


# ------------------------------------------------------------------ changes


def test_everything_is_added_first_and_unchanged_then() -> None:
    space = Space(x=torch.ones(2))
    assert space.first.rows[0].change == "added"
    assert space.changes() == {}


def _rebind(space: Space, x: torch.Tensor) -> None:
    space.names["x"] = torch.zeros_like(x)


def _rebind_to_the_same_address(space: Space, x: torch.Tensor) -> None:
    # CPython often gives the new object the place of the old one.
    del x
    space.names.pop("x")
    space.names["x"] = torch.ones(2, 2, requires_grad=True)


CHANGES = {
    "rebound": ("rebound", _rebind),
    "rebound, address reused": ("rebound", _rebind_to_the_same_address),
    "in place": ("mutated", lambda s, x: x.data.add_(1)),
    "under no_grad": ("mutated", lambda s, x: torch.no_grad()(x.mul_)(2)),
    "through NumPy": ("mutated", lambda s, x: x.detach().numpy().fill(7)),
    "through a view": ("mutated", lambda s, x: x.detach()[0].fill_(9)),
    "data replaced": ("mutated", lambda s, x: setattr(x, "data", torch.ones(3))),
    "requires_grad": ("mutated", lambda s, x: x.requires_grad_(False)),
    "backward": ("gradient", lambda s, x: x.sum().backward()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_run_did_is_seen(name: str) -> None:
    expected, act = CHANGES[name]
    space = Space(x=torch.ones(2, 2, requires_grad=True))
    act(space, space.names["x"])
    assert space.changes() == {"x": expected}
    assert space.changes() == {}


def test_gradients_that_accumulate_or_vanish_are_seen() -> None:
    x = torch.ones(2, requires_grad=True)
    space = Space(x=x)
    x.sum().backward()
    assert space.row().has_grad
    x.sum().backward()
    assert space.changes() == {"x": "gradient"}
    x.grad = None
    assert space.changes() == {"x": "gradient"}
    assert not space.row().has_grad


def test_removed_names_are_told_once() -> None:
    space = Space(x=torch.ones(2), y=torch.ones(2))
    del space.names["x"]
    assert space.look().removed == ("x",)
    assert space.look().removed == ()


# ------------------------------------------------------------------ sharing


def test_aliases_and_shared_memory() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    space = Space(x=x, alias=x, view=x.T, top=x[0], low=x[1], copy=x.clone())
    rows = space.rows()
    assert rows["alias"].alias_of == "x"
    assert rows["x"].alias_of == ""
    assert rows["view"].shares == ("x", "top", "low")
    assert rows["top"].shares == ("x", "view")
    assert rows["x"].shares == ("view", "top", "low")
    assert rows["copy"].shares == ()


# ------------------------------------------------------------------ statistics


def test_statistics_are_right_and_count_what_is_not_finite() -> None:
    inf, nan = float("inf"), float("nan")
    row = Space(x=torch.tensor([1.0, 3.0, nan, inf, -inf, nan])).row()
    assert (row.mean, row.minimum, row.maximum, row.nan, row.inf) == (2.0, 1.0, 3.0, 2, 2)
    row = Space(x=torch.tensor([True, False])).row()
    assert (row.mean, row.minimum, row.maximum) == (0.5, 0.0, 1.0)
    row = Space(x=torch.full((3,), nan)).row()
    assert (row.mean, row.nan) == (None, 3)


@pytest.mark.parametrize("turned", [False, True])
def test_large_tensors_are_sampled_and_say_so(turned: bool) -> None:
    x = torch.full((1024, 1024), 2.0)
    row = Space(x=x.T[:, ::1] if turned else x).row()
    assert (row.mean, row.minimum, row.maximum) == (2.0, 2.0, 2.0)
    assert "sampled" in row.note


def test_looking_stays_within_its_budget_and_catches_up_later() -> None:
    names = {f"x{i}": torch.randn(512, 512) for i in range(390)}
    space = Space()
    space.names.update(names)
    began = time.perf_counter()
    space.look()
    assert time.perf_counter() - began < 1.0  # unbounded it would take several times as long
    for _ in range(60):
        rows = space.look().rows
        if all(row.mean is not None for row in rows):
            return
    pytest.fail("some statistics never came")


def test_rows_are_limited_and_the_rest_is_counted() -> None:
    space = Space(many=[[torch.ones(1) for _ in range(60)] for _ in range(10)])
    assert len(space.first.rows) == MAX_ROWS
    assert space.first.hidden == 200


# ------------------------------------------------------------------ harmless


def _odd() -> dict[str, Any]:
    from torch._subclasses.fake_tensor import FakeTensorMode

    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            raise ValueError("never")

        shape = property(lambda self: 1 / 0)  # type: ignore[assignment]

    class Wrapper(torch.Tensor):
        @staticmethod
        def __new__(cls) -> Any:
            return torch.Tensor._make_wrapper_subclass(cls, (2, 3))

        @classmethod
        def __torch_dispatch__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            raise ValueError("never")

    nan = float("nan")
    odd = {
        "empty": torch.empty(0, 3),
        "scalar": torch.tensor(3),
        "bool": torch.tensor([True]),
        "u64": torch.tensor([1, 2], dtype=torch.uint64),
        "complex": torch.randn(3, dtype=torch.complex64).conj(),
        "all_nan": torch.full((30, 60), nan),
        "sparse": torch.eye(3).to_sparse(),
        "csr": torch.eye(3).to_sparse_csr(),
        "meta": torch.empty(3, 3, device="meta"),
        "bf16": torch.randn(4, 4).bfloat16(),
        "f8": torch.randn(4, 4).to(torch.float8_e4m3fn),
        "nested": torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(4, 3)]),
        "jagged": torch.nested.nested_tensor(
            [torch.randn(2, 3), torch.randn(4, 3)], layout=torch.jagged
        ),
        "expanded": torch.randn(1, 5).expand(1000, 5),
        "quantized": torch.quantize_per_tensor(torch.randn(3, 3), 0.1, 0, torch.quint8),
        "liar": torch.ones(3).as_subclass(Liar),
        "wrapper": Wrapper(),
        "turned": torch.randn(600, 600).T,
        "volume": torch.randn(2, 3, 50, 60),
    }
    with torch.inference_mode():
        odd["inference"] = torch.randn(3)
    with FakeTensorMode():
        odd["fake"] = torch.randn(3, 4)
    return odd


@pytest.mark.filterwarnings("ignore")
def test_odd_tensors_all_have_a_row_and_can_be_opened_or_say_why_not() -> None:
    odd = _odd()
    space = Space(**odd)
    assert list(space.rows()) == list(odd)
    assert space.changes() == {}
    for path in odd:
        detail = inspect_tensor(space.names, {}, path)
        assert detail.path == path
        if not isinstance(detail, TensorDetail):
            assert detail.reason
    notes = {path: row.note for path, row in space.rows().items()}
    assert notes["meta"] == notes["fake"] == "no data: shape only"
    assert "sparse_coo" in notes["sparse"]


@pytest.mark.filterwarnings("ignore")
def test_looking_changes_nothing_and_keeps_nothing_alive() -> None:
    names = _odd() | {"x": torch.ones(4, requires_grad=True)}
    names["y"] = names["x"] * 2
    torch.manual_seed(3)
    state = torch.get_rng_state()
    version = names["x"]._version
    space = Space(**names)
    space.look()
    inspect_tensor(space.names, {}, "volume")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()
    assert names["x"]._version == version
    assert names["x"].grad is None
    alive = weakref.ref(names["y"])
    names.clear()
    space.names.clear()
    assert alive() is None


# ------------------------------------------------------------------ detail


def detail_of(tensor: torch.Tensor) -> TensorDetail:
    found = inspect_tensor({"x": tensor}, {}, "x")
    assert isinstance(found, TensorDetail)
    return found


def test_a_small_tensor_shows_every_number_and_its_memory() -> None:
    found = detail_of(torch.arange(6.0).reshape(2, 3).T)
    assert found.values == (("0.0", "3.0"), ("1.0", "4.0"), ("2.0", "5.0"))
    assert (found.strides, found.contiguous, found.storage_bytes) == ((1, 3), False, 24)
    assert (found.low, found.high) == (0.0, 5.0)
    assert found.heat == (0, 152, 51, 203, 102, 254)


def test_signs_make_the_scale_symmetric_and_nan_has_its_own_level() -> None:
    found = detail_of(torch.tensor([-1.0, 0.0, 4.0, float("nan")]))
    assert (found.low, found.high) == (-4.0, 4.0)
    assert found.heat == (95, 127, 254, 255)


def test_a_large_tensor_is_averaged_in_patches() -> None:
    x = torch.zeros(240, 480)
    x[:10, :10] = 1.0
    found = detail_of(x)
    assert (found.heat_rows, found.heat_columns) == (24, 48)
    assert found.heat[0] == 254
    assert set(found.heat[1:]) == {0}
    assert found.values == ()


def test_of_more_dimensions_the_first_plane_is_shown_and_named() -> None:
    found = detail_of(torch.arange(24).reshape(2, 3, 4))
    assert found.values[2] == ("8", "9", "10", "11")
    assert found.slice_note == "x[0, :, :], one plane of 2×3×4"


def test_a_name_that_is_gone_is_told() -> None:
    found = inspect_tensor({}, {}, "x")
    assert not isinstance(found, TensorDetail)
    assert "no tensor of this name" in found.reason


def test_numpy_arrays_are_not_tensors() -> None:
    assert Space(a=np.ones(3)).first.rows == ()
