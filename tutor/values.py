"""Values between the learner's process and the grader: a tree of plain data plus raw bytes.

No pickle, no code. `encode` never calls a method that a learner's class could override;
`decode` trusts nothing: every node is checked against bounds before memory is taken.

A node is an object with a kind `k`: "v" None, bool or text; "i" an integer; "f" a float; "c" a
complex number; "t" a tensor; "a" a NumPy array or scalar; "l", "u", "d" list, tuple, dict of
nodes; "y" a torch dtype; "e" a torch device; "s" a slice; "h" a handle to what is not data.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from tutor import raw
from tutor.plain import clip
from tutor.wire.frames import MAX_BODY

Node = dict[str, Any]
MAX_ITEMS = 10_000
MAX_DEPTH = 12
MAX_TEXT = 100_000
MAX_DIGITS = 400
MAX_RANK = 16

_DTYPE_NAMES = (
    *("float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
    *("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64", "bool"),
    *("complex64", "complex128", "complex32"),
)
_DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in _DTYPE_NAMES}
_MAPPINGS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
_ARRAY_KINDS = "biufc"


class BadValue(ValueError):
    """A tree that `encode` can not have written."""


class TooLarge(ValueError):
    """More data than one frame carries; str() says what and how large."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a tensor was in the process that it came from."""

    device: str = "cpu"
    requires_grad: bool = False
    is_leaf: bool = True
    grad_fn: str = ""
    contiguous: bool = True
    stride: tuple[int, ...] = ()
    layout: str = "strided"
    type: str = "Tensor"


def origin(tensor: torch.Tensor) -> Origin:
    """Where a decoded tensor came from; its own present state when it was not decoded."""
    found = tensor.__dict__.get("_origin")
    return found if isinstance(found, Origin) else _origin(tensor)


# ------------------------------------------------------------------ encode


def encode(value: Any, body: bytearray, handle: Callable[[Any], Node]) -> Node:
    """The tree of `value`; raw bytes are appended to `body`.

    handle: makes the node of whatever is not data, as `{"k": "h", "h": number, ...}`.

    Raises:
        TooLarge: `body` would exceed what a frame may carry.
    """
    with raw.below_everything():
        return _Encoder(body, handle).node(value, 0)


class _Encoder:
    def __init__(self, body: bytearray, handle: Callable[[Any], Node]) -> None:
        self.body, self.handle = body, handle
        self.count = 0

    def node(self, value: Any, depth: int) -> Node:
        self.count += 1
        kind = type(value)
        if value is None or kind is bool:
            return {"k": "v", "v": value}
        if kind is str and len(value) <= MAX_TEXT:
            return {"k": "v", "v": clip(value, MAX_TEXT)}
        if kind is int and value.bit_length() < 1200:
            return {"k": "i", "v": str(value)}
        if kind is float:
            return {"k": "f", "v": value.hex()}
        if kind is complex:
            return {"k": "c", "v": [value.real.hex(), value.imag.hex()]}
        if kind is torch.dtype:
            return {"k": "y", "v": raw.dtype_name(value)}
        if kind is torch.device:
            return {"k": "e", "v": str(value)}
        if raw.is_tensor(value):
            return self.tensor(value, depth)
        if issubclass(kind, (np.ndarray, np.generic)):
            return self.array(value)
        if depth < MAX_DEPTH and self.count < 20 * MAX_ITEMS:
            return self.container(value, kind, depth)
        return self.handle(value)

    def container(self, value: Any, kind: type, depth: int) -> Node:
        below = depth + 1
        if kind is list and len(value) <= MAX_ITEMS:
            return {"k": "l", "v": [self.node(item, below) for item in value]}
        if issubclass(kind, tuple) and tuple.__len__(value) <= MAX_ITEMS:
            return {"k": "u", "v": [self.node(item, below) for item in tuple.__iter__(value)]}
        if kind in _MAPPINGS and len(value) <= MAX_ITEMS and all(map(_is_key, value)):
            pairs = list(dict.items(value))
            return {"k": "d", "v": [[self.node(k, below), self.node(v, below)] for k, v in pairs]}
        if kind is slice:
            parts = (value.start, value.stop, value.step)
            return {"k": "s", "v": [self.node(part, below) for part in parts]}
        return self.handle(value)

    def tensor(self, value: Any, depth: int) -> Node:
        try:
            if raw.is_nested_of(value) or raw.is_quantized_of(value):
                return self.handle(value)
            data = raw.bare(value)
            if raw.layout_of(value) is not torch.strided:
                data = data.to_dense()
            name = raw.dtype_name(data.dtype)
            if name not in _DTYPES or data.dim() > MAX_RANK:
                return self.handle(value)
            start = _origin(value)
            node: Node = {"k": "t", "d": name, "s": list(data.shape), "g": start.requires_grad}
            if data.device.type != "meta":
                node |= self.bytes_of(data)
        except TooLarge:
            raise
        except Exception:
            return self.handle(value)
        node["w"] = [start.device, start.is_leaf, start.grad_fn, start.layout, start.type]
        if not start.contiguous:
            node["z"] = list(start.stride)
        if raw.is_parameter(value):
            node["p"] = True
        gradient = raw.gradient_of(value)
        if gradient is not None and depth < MAX_DEPTH:
            node["r"] = self.node(gradient, depth + 1)
        return node

    def bytes_of(self, data: torch.Tensor) -> Node:
        size = data.numel() * data.element_size()
        self.room_for(size, f"a tensor of shape {tuple(data.shape)}")
        offset = len(self.body)
        if size:
            plain = data.cpu().resolve_conj().resolve_neg()
            # Not .contiguous(): one element with an odd stride already counts as contiguous.
            flat = torch.empty(plain.numel(), dtype=plain.dtype).copy_(plain.reshape(-1))
            self.body += flat.view(torch.uint8).numpy().tobytes()
        return {"o": offset, "n": size}

    def array(self, value: Any) -> Node:
        data = np.asarray(value)
        if data.dtype.kind not in _ARRAY_KINDS or data.ndim > MAX_RANK:
            return self.handle(value)
        self.room_for(data.nbytes, f"an array of shape {data.shape}")
        offset = len(self.body)
        self.body += data.tobytes()
        return {
            "k": "a",
            "d": data.dtype.newbyteorder("=").str,
            "s": list(data.shape),
            "o": offset,
            "n": data.nbytes,
            "x": isinstance(value, np.generic),
        }

    def room_for(self, size: int, what: str) -> None:
        if len(self.body) + size > MAX_BODY:
            raise TooLarge(
                f"{what} ({size / 2**20:.0f} MiB); a check can carry {MAX_BODY >> 20} MiB"
            )


def _origin(value: torch.Tensor) -> Origin:
    strided = raw.layout_of(value) is torch.strided
    data = raw.bare(value) if strided else None
    function = raw.grad_fn_of(value)
    return Origin(
        device=str(raw.device_of(value)),
        requires_grad=bool(raw.requires_grad_of(value)),
        is_leaf=bool(raw.is_leaf_of(value)),
        grad_fn=clip(type(function).__name__, 100) if function is not None else "",
        contiguous=data is None or data.is_contiguous(),
        stride=tuple(data.stride()) if data is not None else (),
        layout=str(raw.layout_of(value)).removeprefix("torch."),
        type=clip(type(value).__name__, 100),
    )


def _is_key(key: Any) -> bool:
    if type(key) is tuple:
        return all(map(_is_key, key))
    return key is None or type(key) in (str, int, float, bool)


# ------------------------------------------------------------------ decode


def decode(tree: Any, body: bytes, handle: Callable[[int, Node], Any]) -> Any:
    """The value of `tree`. Tensors come back on the CPU, with requires_grad and `.grad`.

    handle: gives the object for a handle number and its node.

    Raises:
        BadValue: the tree is malformed, refers outside `body`, or asks for too much memory.
    """
    try:
        with raw.below_everything():
            return _Decoder(body, handle).value(tree, 0)
    except BadValue:
        raise
    except (KeyError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
        raise BadValue(f"{type(error).__name__}: {error}"[:200]) from None


class _Decoder:
    def __init__(self, body: bytes, handle: Callable[[int, Node], Any]) -> None:
        self.body, self.handle = body, handle
        self.nodes = 0
        self.bytes_left = len(body)

    def value(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        _require(type(node) is dict and depth <= MAX_DEPTH + 3, "node")
        _require(self.nodes <= 40 * MAX_ITEMS, "too many nodes")
        kind = node["k"]
        match kind:
            case "v":
                value = node["v"]
                _require(value is None or type(value) in (bool, str), "plain value")
                return value
            case "i":
                return int(_text(node["v"], MAX_DIGITS))
            case "f":
                return float.fromhex(_text(node["v"], 64))
            case "c":
                parts = _list(node["v"])
                _require(len(parts) == 2, "complex")
                return complex(*(float.fromhex(_text(part, 64)) for part in parts))
            case "t":
                return self.tensor(node, depth)
            case "a":
                return self.array(node)
            case "l":
                return [self.value(item, depth + 1) for item in _list(node["v"])]
            case "u":
                return tuple(self.value(item, depth + 1) for item in _list(node["v"]))
            case "d":
                return dict(self.pair(pair, depth + 1) for pair in _list(node["v"]))
            case "y":
                return _DTYPES[_text(node["v"], 40)]
            case "e":
                return torch.device(_text(node["v"], 40))
            case "s":
                parts = _list(node["v"])
                _require(len(parts) == 3, "slice")
                return slice(*(self.value(part, depth + 1) for part in parts))
            case "h":
                return self.handle(_integer(node["h"], 1 << 40), node)
        raise BadValue("unknown kind of node")

    def pair(self, pair: Any, depth: int) -> tuple[Any, Any]:
        _require(type(pair) is list and len(pair) == 2, "pair")
        key = self.value(pair[0], depth)
        _require(_is_key(key), "key")
        return key, self.value(pair[1], depth)

    def tensor(self, node: Node, depth: int) -> torch.Tensor:
        dtype = _DTYPES[_text(node["d"], 40)]
        shape = _shape(node["s"])
        start = _decode_origin(node)
        if "n" not in node:
            tensor = torch.empty(shape, dtype=dtype, device="meta")
        else:
            tensor = self.filled(node, shape, dtype)
            if not start.contiguous and _dense(shape, start.stride):
                tensor = torch.empty_strided(shape, start.stride, dtype=dtype).copy_(tensor)
        if not start.stride:
            start = replace(start, stride=tuple(tensor.stride()))
        if node.get("p") is True and (dtype.is_floating_point or dtype.is_complex):
            tensor = nn.Parameter(tensor, requires_grad=start.requires_grad)
        elif start.requires_grad:
            tensor.requires_grad_(True)
        if "r" in node:
            gradient = self.value(node["r"], depth + 1)
            _require(isinstance(gradient, torch.Tensor), "gradient")
            tensor.grad = gradient
        cast(Any, tensor)._origin = start
        return tensor

    def filled(self, node: Node, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        data = self.slice(node, math.prod(shape) * dtype.itemsize)
        if not data:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(bytearray(data), dtype=torch.uint8).view(dtype).reshape(shape)

    def array(self, node: Node) -> Any:
        dtype = np.dtype(_text(node["d"], 8))
        _require(dtype.kind in _ARRAY_KINDS, "array dtype")
        shape = _shape(node["s"])
        data = self.slice(node, math.prod(shape) * dtype.itemsize)
        array = np.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
        return array[()] if node.get("x") is True else array

    def slice(self, node: Node, size: int) -> bytes:
        offset = _integer(node["o"], len(self.body))
        # Slices of an honest tree do not overlap, so together they fit in the body.
        self.bytes_left -= size
        _require(node["n"] == size and self.bytes_left >= 0, "size of the data")
        _require(offset + size <= len(self.body), "place of the data")
        return self.body[offset : offset + size]


def _decode_origin(node: Node) -> Origin:
    device, is_leaf, grad_fn, layout, kind = _list(node["w"])
    stride = tuple(_integer(step, 1 << 48) for step in _list(node.get("z", [])))
    return Origin(
        device=_text(device, 40),
        requires_grad=node["g"] is True,
        is_leaf=is_leaf is True,
        grad_fn=_text(grad_fn, 100),
        contiguous="z" not in node,
        stride=stride,
        layout=_text(layout, 40),
        type=_text(kind, 100),
    )


def _dense(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """True when the strides are a permutation of contiguous ones: no overlap, no holes."""
    if len(shape) != len(stride):
        return False
    expected = 1
    for step, size in sorted((st, sz) for st, sz in zip(stride, shape, strict=True) if sz != 1):
        if step != expected:
            return False
        expected *= size
    return True


def _shape(value: Any) -> tuple[int, ...]:
    _require(len(_list(value)) <= MAX_RANK, "rank")
    return tuple(_integer(size, 1 << 40) for size in value)


def _integer(value: Any, limit: int) -> int:
    _require(type(value) is int and 0 <= value <= limit, "number")
    return value


def _text(value: Any, limit: int) -> str:
    _require(type(value) is str and len(value) <= limit, "text")
    return value


def _list(value: Any) -> list[Any]:
    _require(type(value) is list and len(value) <= MAX_ITEMS, "list")
    return value


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise BadValue(f"malformed {what}")
