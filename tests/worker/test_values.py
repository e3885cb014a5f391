"""The data tree between the two processes: everything comes back, nothing malformed gets in."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from tutor.values import BadValue, TooLarge, decode, encode, origin


def there_and_back(value: Any) -> Any:
    body = bytearray()
    tree = encode(value, body, lambda item: {"k": "h", "h": 7, "type": type(item).__name__})
    tree = json.loads(json.dumps(tree))
    return decode(tree, bytes(body), lambda number, node: ("handle", node["type"]))


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -(10**300), 0.1, math.inf, -0.0, 2 - 3j, "", "é\n"),
        *([], (), {}, [[1], (2,)], {"a": [1, {"b": None}], 2: (True,), (1, "x"): 0.5}),
        *(slice(1, None, 2), torch.int8, torch.device("cuda", 1)),
    ],
)
def test_plain_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    assert math.copysign(1, back) == math.copysign(1, value) if value == 0.0 else True


def test_nan_comes_back() -> None:
    assert math.isnan(there_and_back([math.nan])[0])


def test_tuples_and_mappings_of_other_classes_come_back_as_plain_ones() -> None:
    assert there_and_back(torch.Size([2, 3])) == (2, 3)
    assert there_and_back(OrderedDict(a=1)) == {"a": 1}


DTYPES = [torch.float64, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.int64, torch.uint8]
DTYPES += [torch.uint16, torch.bool, torch.complex64, torch.complex128]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 1, 3)], ids=str)
def test_tensors_of_every_dtype_come_back_bit_by_bit(dtype: torch.dtype, shape: Any) -> None:
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(dtype)
    back = there_and_back(tensor)
    assert back.dtype is dtype
    assert back.shape == tensor.shape
    as_bytes = torch.uint8
    one, other = (t.contiguous().reshape(-1).view(as_bytes) for t in (back, tensor))
    assert torch.equal(one, other)


def test_strides_gradients_and_origins_come_back() -> None:
    leaf = torch.ones(2, 3, requires_grad=True)
    (leaf * 2).sum().backward()
    back = there_and_back(leaf)
    assert back.requires_grad
    assert torch.equal(back.grad, torch.full((2, 3), 2.0))
    moved = there_and_back(leaf.T * 1)
    assert origin(moved).grad_fn == "MulBackward0"
    assert not origin(moved).is_leaf
    assert there_and_back(leaf.T).stride() == (1, 3)
    assert not origin(there_and_back(torch.ones(1).expand(4))).contiguous
    assert isinstance(there_and_back(torch.nn.Parameter(leaf)), torch.nn.Parameter)


def test_meta_sparse_and_conjugate_tensors_come_back() -> None:
    meta = there_and_back(torch.empty(2, 3, device="meta"))
    assert (meta.device.type, tuple(meta.shape)) == ("meta", (2, 3))
    sparse = there_and_back(torch.eye(2).to_sparse())
    assert origin(sparse).layout == "sparse_coo"
    assert torch.equal(sparse, torch.eye(2))
    conjugate = torch.tensor([1 + 2j]).conj()
    assert torch.equal(there_and_back(conjugate), torch.tensor([1 - 2j]))


def test_arrays_come_back_as_arrays() -> None:
    array = np.arange(6, dtype=np.int16).reshape(2, 3).T
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)
    assert type(there_and_back(np.float64(0.5))) is np.float64


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        {"a"},
        {object: 1},
        iter([1]),
        torch.nn.ReLU(),
        "x" * 200_000,
        [0] * 20_000,
        1 << 5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_data_becomes_a_handle(value: Any) -> None:
    assert there_and_back([value]) == [("handle", type(value).__name__)]


def test_a_subclass_cannot_lie_about_its_numbers() -> None:
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            raise AssertionError("asked")

        shape = property(lambda self: torch.Size([9]))  # type: ignore[assignment]

    back = there_and_back(torch.arange(3.0).as_subclass(Liar))
    assert back.tolist() == [0, 1, 2]
    assert origin(back).type == "Liar"


def test_modes_that_were_left_on_do_not_matter() -> None:
    torch.set_default_device("meta")
    try:
        assert there_and_back(torch.ones(2, device="cpu")).tolist() == [1, 1]
    finally:
        torch.set_default_device(None)


def test_too_much_data_is_refused_with_its_size() -> None:
    with pytest.raises(TooLarge, match=r"\(3000, 3000\).*34 MiB.*16 MiB"):
        there_and_back([torch.zeros(3000, 3000)])


GOOD = {"k": "t", "d": "float32", "s": [2], "g": False, "o": 0, "n": 8}
GOOD |= {"w": ["cpu", True, "", "strided", "Tensor"]}


def test_the_good_node_of_the_next_test_is_good() -> None:
    assert decode(GOOD, bytes(8), lambda n, node: None).tolist() == [0, 0]


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        [],
        {},
        {"k": "?"},
        {"k": ["v"]},
        {"k": "v", "v": 1},
        {"k": "v"},
        {"k": "i", "v": "9" * 401},
        {"k": "i", "v": "x"},
        {"k": "i", "v": 3},
        {"k": "f", "v": "pickle"},
        {"k": "l", "v": "abc"},
        {"k": "d", "v": [[{"k": "l", "v": []}, {"k": "v", "v": None}]]},
        {"k": "d", "v": [1]},
        {"k": "h", "h": -1},
        {"k": "h", "h": "0"},
        {"k": "y", "v": "load"},
        {"k": "e", "v": "nowhere"},
        {"k": "a", "d": "O", "s": [1], "o": 0, "n": 8},
        {"k": "a", "d": "<f4", "s": [9], "o": 0, "n": 8},
        GOOD | {"d": "Tensor"},
        GOOD | {"s": [-2]},
        GOOD | {"s": [3]},
        GOOD | {"s": [2.0]},
        GOOD | {"s": [1 << 39] * 10, "n": 0},
        GOOD | {"s": [0, 1 << 62]},
        GOOD | {"s": [1] * 99},
        GOOD | {"o": 4},
        GOOD | {"o": -8},
        GOOD | {"n": 7},
        GOOD | {"w": []},
        GOOD | {"z": ["1"]},
        GOOD | {"r": {"k": "v", "v": None}},
        {"k": "l", "v": [GOOD, GOOD]},
        {"k": "l", "v": [{"k": "v", "v": None}] * 20_000},
    ],
    ids=str,
)
def test_a_malformed_tree_is_refused(tree: Any) -> None:
    with pytest.raises(BadValue):
        decode(tree, bytes(8), lambda number, node: None)


def test_a_deep_tree_is_refused() -> None:
    tree: Any = {"k": "v", "v": None}
    for _ in range(500):
        tree = {"k": "l", "v": [tree]}
    with pytest.raises(BadValue):
        decode(tree, b"", lambda number, node: None)


def test_one_element_with_an_odd_stride_arrives_like_any_other() -> None:
    value = torch.randn(1, 4)[:, torch.tensor([2])].diagonal()
    assert value.stride() != (1,)
    assert torch.equal(there_and_back(value), value)
