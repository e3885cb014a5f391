"""Working out what an expression would give, from shapes alone: no data, no random numbers.

An interpreter of its own walks the expression; only operations of `vocabulary` are done, on
tensors that have shape, dtype and device but no memory. Learner code is never called.
"""

from __future__ import annotations

import ast
import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from tutor import raw
from tutor.worker.explain.peek import (
    Names,
    Unknown,
    is_named_result,
    item,
    own_names,
    peek,
    registry,
)
from tutor.worker.explain.vocabulary import (
    ATTRIBUTES,
    BINARY,
    COMPARISONS,
    FUNCTIONS,
    METHODS,
    PLAIN_CALLS,
    forward_of,
)

BUDGET = 0.15
"""Seconds that one explanation may spend here; what is not known then stays unknown."""
_MODULE = "torch._subclasses.fake_tensor"
_NEEDED = "torch._dynamo"
"""Imported with the fakes at their first use: a second, unless it was done beforehand."""
_LOGGER = logging.getLogger(_MODULE)
_clock = time.perf_counter
_NUMBERS = (int, float, bool)
_LEAVES = (*_NUMBERS, complex, str, type(None), type(Ellipsis), slice)
_LEAVES += (torch.dtype, torch.Size, torch.memory_format)
_LARGEST = 1 << 62
_MOST_ITEMS = 256
_empty_strided, _memory = torch.empty_strided, torch.strided
_stride: Any = torch._C.TensorBase.stride


class Shapes:
    """Evaluates expressions of one place. `ready` is False until torch's fakes are imported:
    an explanation without checked fixes at once is better than one a second later."""

    def __init__(self, names: Names) -> None:
        self.names = names
        module = sys.modules.get(_MODULE) if _NEEDED in sys.modules else None
        self.ready = module is not None
        self._mode = module.FakeTensorMode() if module is not None else None
        self._until = _clock() + BUDGET
        self._made: dict[int, tuple[Any, Any]] = {}

    def of(self, node: ast.AST | None, **extra: Any) -> Any:
        """What `node` would give: tensors without data, numbers, tuples of them.

        Raises:
            Unknown: it cannot be told, or it does not work.
        """
        if node is None or not self.ready:
            raise Unknown
        self.names.extra.update(extra)
        try:
            with self._quietly():
                return self._value(node)
        except Unknown:
            raise
        except Exception:
            raise Unknown from None
        finally:
            self.names.extra.clear()

    def code(self, source: str, **extra: Any) -> Any:
        """Like `of`, for an expression in words."""
        try:
            tree = ast.parse(source, mode="eval")
        except (SyntaxError, ValueError, RecursionError):
            raise Unknown from None
        return self.of(tree.body, **extra)

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        disabled, warn = _LOGGER.disabled, warnings.warn
        _LOGGER.disabled = True
        warnings.warn = _unsaid  # not the filters: changing those shows old warnings again
        try:
            assert self._mode is not None
            with raw.below_everything(), self._mode:
                yield
        finally:
            _LOGGER.disabled = disabled
            warnings.warn = warn

    # -------------------------------------------------------------- interpreting

    def _value(self, node: ast.AST) -> Any:
        if _clock() > self._until:
            raise Unknown
        match node:
            case ast.Constant(value):
                return value
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.Tuple(elements) | ast.List(elements):
                values = self._many(elements)
                return tuple(values) if isinstance(node, ast.Tuple) else values
            case ast.BinOp(left, op, right):
                return self._binary(type(op).__name__, self._value(left), self._value(right))
            case ast.UnaryOp(op, operand):
                return self._unary(op, self._value(operand))
            case ast.Compare(left, [op], [right]):
                compare = COMPARISONS.get(type(op).__name__)
                if compare is None:
                    raise Unknown
                return compare(self._value(left), self._value(right))
            case ast.Slice(lower, upper, step):
                return slice(*(part and self._value(part) for part in (lower, upper, step)))
            case ast.Subscript(base, index):
                return self._item(self._value(base), self._value(index))
            case ast.Call():
                return self._call(node)
        raise Unknown

    def _many(self, nodes: list[ast.expr]) -> list[Any]:
        values: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                more = self._value(node.value)
                if type(more) not in (tuple, list, torch.Size):
                    raise Unknown
                values += more
            else:
                values.append(self._value(node))
        if len(values) > _MOST_ITEMS:
            raise Unknown
        return values

    def _named(self, node: ast.Name | ast.Attribute) -> Any:
        try:
            return self._inside(peek(node, self.names))
        except Unknown:
            if not isinstance(node, ast.Attribute):
                raise
        base = self._value(node.value)
        if _is_tensor(base) and node.attr in ATTRIBUTES:
            return getattr(base, node.attr)
        if is_named_result(base) and node.attr in ("values", "indices"):
            return getattr(base, node.attr)
        raise Unknown

    def _inside(self, value: Any) -> Any:
        """`value` for use in here: real tensors lose their data, unknown objects are refused."""
        if _is_tensor(value):
            return self._without_data(value)
        kind = type(value)
        if kind in (list, tuple):
            if len(value) > _MOST_ITEMS:
                raise Unknown
            return kind(self._inside(part) for part in value)
        if kind in _LEAVES:
            return value
        if is_named_result(value):
            return tuple(self._inside(part) for part in tuple.__iter__(value))
        if forward_of(kind) is not None or _known_call(value):
            return value
        raise Unknown

    def _without_data(self, tensor: torch.Tensor) -> torch.Tensor:
        made = self._made.get(id(tensor))
        if made is not None and made[0] is tensor:
            return made[1]
        if raw.layout_of(tensor) is not _memory or raw.is_nested_of(tensor):
            raise Unknown
        if raw.is_quantized_of(tensor):
            raise Unknown
        fake = _empty_strided(
            raw.shape_of(tensor),
            _stride(tensor),
            dtype=raw.dtype_of(tensor),
            device=raw.device_of(tensor),
        )
        self._made[id(tensor)] = (tensor, fake)
        return fake

    # -------------------------------------------------------------- operations

    def _binary(self, name: str, left: Any, right: Any) -> Any:
        operation = BINARY.get(name)
        if operation is None:
            raise Unknown
        if _is_tensor(left) or _is_tensor(right):
            if all(_is_tensor(side) or type(side) in _NUMBERS for side in (left, right)):
                return operation(left, right)
            raise Unknown
        if type(left) in _NUMBERS and type(right) in _NUMBERS:
            if name == "Pow" and not (abs(left) < 1 << 16 and 0 <= right < 32):
                raise Unknown
            return _bounded(operation(left, right))
        kinds = (tuple, list, torch.Size)
        if name == "Add" and type(left) in kinds and type(right) in kinds:
            return operation(left, right)
        raise Unknown

    def _unary(self, operation: ast.unaryop, value: Any) -> Any:
        if not (_is_tensor(value) or type(value) in _NUMBERS):
            raise Unknown
        match operation:
            case ast.USub():
                return -value
            case ast.Invert():
                return ~value
        raise Unknown

    def _item(self, base: Any, index: Any) -> Any:
        if _is_tensor(base):
            return base[index]
        if isinstance(base, tuple) and type(index) is int:
            return tuple.__getitem__(base, index)
        return self._inside(item(base, index))

    def _call(self, node: ast.Call) -> Any:
        arguments = self._many(node.args)
        keywords = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise Unknown
            keywords[keyword.arg] = self._value(keyword.value)
        if "out" in keywords or "generator" in keywords:
            raise Unknown
        _bounded_all([*arguments, *keywords.values()])
        return self._done(node.func, arguments, keywords)

    def _done(self, node: ast.expr, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        try:
            called = peek(node, self.names)
        except Unknown:
            called = None
        if called is not None and not _is_tensor(called):
            known = FUNCTIONS.get(id(called))
            if known is not None and known is called:
                return known(*arguments, **keywords)
            plain = PLAIN_CALLS.get(id(called))
            if plain is called:
                return _plainly(plain, arguments, keywords)
            if forward_of(type(called)) is not None:
                return self._layer(called)(*arguments, **keywords)
            if type(called) is type and forward_of(called) is not None:
                return called(*arguments, **keywords)
        if isinstance(node, ast.Attribute):
            base = self._value(node.value)
            method = METHODS.get(node.attr)
            if _is_tensor(base) and method is not None:
                if node.attr == "to" and not all(_is_dtype(part) for part in arguments):
                    raise Unknown
                return method(base, *arguments, **keywords)
        elif isinstance(node, ast.Call):
            layer = self._value(node)
            if forward_of(type(layer)) is not None:
                return self._layer(layer)(*arguments, **keywords)
        raise Unknown

    def _layer(self, layer: nn.Module) -> Any:
        """The forward of a copy of `layer` that shares neither weights, buffers nor hooks."""
        return _Forward(self._copy(layer))

    def _copy(self, layer: nn.Module, depth: int = 0) -> nn.Module:
        kind = type(layer)
        forward = forward_of(kind)
        if forward is None or forward is not kind.forward or depth > 8:
            raise Unknown
        copy = object.__new__(kind)
        names = copy.__dict__
        names.update({key: value for key, value in own_names(layer).items() if type(key) is str})
        for key in [key for key in names if key.endswith("_hooks")]:
            names[key] = {}
        for part in ("_parameters", "_buffers"):
            tensors = registry(layer, part).items()
            names[part] = {key: self._inside(value) for key, value in tensors}
        names["_modules"] = {
            key: child and _Forward(self._copy(child, depth + 1))
            for key, child in registry(layer, "_modules").items()
        }
        if "_flat_weights" in names:
            names["_flat_weights"] = [self._inside(weight) for weight in names["_flat_weights"]]
        if "forward" in names:
            raise Unknown
        return copy


def _unsaid(message: Any = "", *rest: Any, **more: Any) -> None:
    """Stands in for `warnings.warn`; what torch itself says is wrong counts as not working."""
    if "incorrect results" in str(message):
        raise Unknown


class _Forward:
    """Calls the forward of a layer's copy, past hooks."""

    def __init__(self, copy: nn.Module) -> None:
        self._copy = copy

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        forward = forward_of(type(self._copy))
        assert forward is not None
        return forward(self._copy, *arguments, **keywords)


def _is_tensor(value: Any) -> bool:
    return raw.is_tensor(value)


def _is_dtype(value: Any) -> bool:
    return type(value) is torch.dtype


def _known_call(value: Any) -> bool:
    key = id(value)
    if FUNCTIONS.get(key) is value or PLAIN_CALLS.get(key) is value:
        return True
    return forward_of(value) is not None


def _plainly(function: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    for value in [*arguments, *keywords.values()]:
        if _is_tensor(value):
            if function is not len:
                raise Unknown
        elif type(value) not in (*_NUMBERS, tuple, torch.Size) and function is not len:
            raise Unknown
    return _bounded(function(*arguments, **keywords))


def _bounded(value: Any) -> Any:
    if type(value) in (int, float) and not abs(value) < _LARGEST:
        raise Unknown
    return value


def _bounded_all(values: list[Any]) -> None:
    for value in values:
        if type(value) in (list, tuple, torch.Size):
            if len(value) > _MOST_ITEMS:
                raise Unknown
        elif type(value) is str and len(value) > 1_000:
            raise Unknown
