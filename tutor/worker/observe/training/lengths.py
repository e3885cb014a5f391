"""Lengths and numbers that an expression stands for, found without running the learner's code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from tutor import raw
from tutor.worker.observe.training.cellmap import CellMap

MISSING: Any = object()
Lookup = Callable[[str], Any]
"""The value of a name, or `MISSING`."""

_SIZED = (list, tuple, dict, set, frozenset, str, bytes, range)
_OPERATORS: dict[type, Callable[[int, int], int]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
}
_DEPTH = 8
_LARGEST = 1 << 60


class Lengths:
    """Knows the sources of the cells (by file) and what loaders have shown so far (`passes`:
    batches in a whole pass, by the id of the loader's sampler)."""

    def __init__(self, maps: Mapping[str, CellMap], passes: Mapping[int, int]) -> None:
        self._maps = maps
        self._passes = passes

    def value(self, node: ast.expr, lookup: Lookup, depth: int = 0) -> Any:
        """What names, attributes, small sums and `len` come to; `MISSING` for anything else."""
        if depth > _DEPTH:
            return MISSING
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return lookup(name)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return tuple(self.value(element, lookup, depth + 1) for element in elements)
            case ast.Attribute(value=inner, attr=name):
                return _attribute(self.value(inner, lookup, depth + 1), name)
            case ast.Subscript(value=inner, slice=index):
                return _item(
                    self.value(inner, lookup, depth + 1), self.value(index, lookup, depth + 1)
                )
            case ast.BinOp(left=left, op=op, right=right):
                a = self.value(left, lookup, depth + 1)
                b = self.value(right, lookup, depth + 1)
                return _computed(op, a, b)
            case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]):
                length = self.length_of(self.value(inner, lookup, depth + 1))
                return MISSING if length is None else length
            case ast.Call(func=ast.Name(id="int"), args=[inner], keywords=[]):
                value = self.value(inner, lookup, depth + 1)
                return int(value) if type(value) in (int, float) else MISSING
        return MISSING

    def length_of(self, value: Any) -> int | None:
        """`len(value)` where that needs no code of the learner's; else None."""
        kind = type(value)
        if kind in _SIZED:
            return len(value)
        if raw.is_tensor(value):
            shape = raw.shape_of(value)
            return int(shape[0]) if len(shape) else None
        if issubclass(kind, DataLoader):
            return self._loader(value)
        if kind is TensorDataset:
            return self.length_of(value.tensors[0])
        if kind in (Subset, SubsetRandomSampler):
            return self.length_of(value.indices)
        if kind is ConcatDataset:
            return value.cumulative_sizes[-1]
        return self._written(value)

    def _loader(self, loader: Any) -> int | None:
        fields = _fields(loader)
        batches, sampler = fields.get("batch_sampler"), fields.get("sampler")
        passed = self._passes.get(id(batches if batches is not None else sampler))
        if passed:
            return passed
        if batches is not None and type(batches) is not BatchSampler:
            return None
        match sampler:
            case RandomSampler() if type(sampler) is RandomSampler:
                chosen = _fields(sampler).get("_num_samples")
                length = chosen or self.length_of(sampler.data_source)
            case SequentialSampler() if type(sampler) is SequentialSampler:
                length = self.length_of(sampler.data_source)
            case _:
                length = self.length_of(sampler) if sampler is not None else None
        size = fields.get("batch_size")
        if length is None or batches is None or type(size) is not int:
            return length
        return length // size if fields.get("drop_last") else -(-length // size)

    def _written(self, value: Any) -> int | None:
        """The `__len__` of a learner's class where it is one plain `return`, read, not called."""
        method = inspect.getattr_static(type(value), "__len__", None)
        if not inspect.isfunction(method):
            return None
        code = method.__code__
        source = self._maps.get(code.co_filename)
        function = source and source.functions.get((code.co_name, code.co_firstlineno))
        match function:
            case ast.FunctionDef(
                args=ast.arguments(args=[ast.arg(arg=own)]),
                body=[*_, ast.Return(value=ast.expr() as result)],
            ) if len(function.body) == 1 or _is_text(function.body[:-1]):
                names = method.__globals__
                found = self.value(
                    result, lambda name: value if name == own else names.get(name, MISSING)
                )
                return found if type(found) is int else None
        return None


def _is_text(body: list[ast.stmt]) -> bool:
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)


def _fields(value: Any) -> dict[str, Any]:
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}


def _attribute(value: Any, name: str) -> Any:
    if value is MISSING:
        return MISSING
    if name == "shape" and raw.is_tensor(value):
        return tuple(raw.shape_of(value))
    fields = _fields(value)
    if name in fields:
        return fields[name]
    if issubclass(type(value), torch.nn.Module):
        for registry in ("_modules", "_parameters", "_buffers"):
            if name in fields.get(registry, {}):
                return fields[registry][name]
    found = inspect.getattr_static(type(value), name, MISSING)
    return found if type(found) in (int, list, tuple, dict) else MISSING


def _item(value: Any, index: Any) -> Any:
    try:
        if type(value) in (list, tuple, dict) and type(index) in (int, str):
            return value[index]
    except (LookupError, TypeError):
        pass
    return MISSING


def _computed(op: ast.operator, a: Any, b: Any) -> Any:
    operator = _OPERATORS.get(type(op))
    if operator is None or type(a) is not int or type(b) is not int:
        return MISSING
    if max(abs(a), abs(b)) > _LARGEST or (b == 0 and isinstance(op, ast.FloorDiv)):
        return MISSING
    return operator(a, b)
