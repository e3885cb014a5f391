"""Reading names, attributes and items of a frame without calling any of the learner's code."""

from __future__ import annotations

import ast
import builtins
import types
from typing import Any

import torch
from torch import nn

from tutor import raw

_instance = object.__getattribute__
_static = type.__getattribute__
_BUILTINS = dict(builtins.__dict__)
_NUMBERS = (int, float, bool, complex)
_PLAIN = (*_NUMBERS, str, bytes, type(None), type(Ellipsis))
_TENSOR_ATTRIBUTES: dict[str, Any] = {
    "shape": raw.shape_of,
    "dtype": raw.dtype_of,
    "device": raw.device_of,
    "grad": raw.gradient_of,
    "grad_fn": raw.grad_fn_of,
    "requires_grad": raw.requires_grad_of,
    "ndim": lambda tensor: len(raw.shape_of(tensor)),
}
_MISSING = object()


class Unknown(Exception):
    """A value that cannot be had without running code."""


class Names:
    """The names that an expression may use: locals, globals, builtins, and extra ones."""

    def __init__(self, local: dict[str, Any], globals_: dict[str, Any]) -> None:
        self.extra: dict[str, Any] = {}
        self._scopes = (self.extra, local, globals_, _BUILTINS)

    def __getitem__(self, name: str) -> Any:
        for scope in self._scopes:
            found = dict.get(scope, name, _MISSING)
            if found is not _MISSING:
                return found
        raise Unknown


def peek(node: ast.AST | None, names: Names) -> Any:
    """The value of `node` as it stands in memory.

    Raises:
        Unknown: it would have to be computed, or reading it could run learner code.
    """
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return names[name]
        case ast.Attribute(base, name):
            return attribute(peek(base, names), name)
        case ast.Subscript(base, index):
            return item(peek(base, names), peek(index, names))
        case ast.Tuple(elements):
            return tuple(peek(element, names) for element in elements)
        case ast.List(elements):
            return [peek(element, names) for element in elements]
        case ast.UnaryOp(ast.USub(), operand):
            value = peek(operand, names)
            if type(value) in _NUMBERS:
                return -value
    raise Unknown


def attribute(value: Any, name: str) -> Any:
    """`value.name` where that is only a look: no property or `__getattr__` of a learner runs."""
    kind = type(value)
    if raw.is_tensor(value):
        if name in _TENSOR_ATTRIBUTES:
            return _TENSOR_ATTRIBUTES[name](value)
        return _from(own_names(value), name)
    if issubclass(kind, nn.Module):
        return _module_attribute(value, name)
    if is_named_result(value) and name in _static(kind, "__dict__"):
        return _static(kind, "__dict__")[name].__get__(value)
    found = own_names(value).get(name, _MISSING)
    if found is not _MISSING:
        return found
    if issubclass(kind, type):
        return class_attribute(value, name)
    if issubclass(kind, tuple) and name in _fields(kind):
        return tuple.__getitem__(value, _fields(kind).index(name))
    return class_attribute(kind, name)


def item(value: Any, index: Any) -> Any:
    """`value[index]` of Python's own containers."""
    kind = type(value)
    try:
        if kind in (list, tuple, torch.Size) and type(index) in (int, bool, slice):
            return value[index]
        if kind is dict and type(index) in (int, str, bool):
            return value[index]
        if issubclass(kind, tuple) and type(index) is int:
            return tuple.__getitem__(value, index)
        if kind in (nn.ModuleList, nn.Sequential) and type(index) is int:
            children = list(registry(value, "_modules").values())
            return children[index]
    except (IndexError, KeyError):
        pass
    raise Unknown


def own_names(value: Any) -> dict[str, Any]:
    """The instance dictionary of any object, empty where it has none."""
    try:
        names = _instance(value, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return names if type(names) is dict else {}


def registry(module: nn.Module, name: str) -> dict[str, Any]:
    """`_parameters`, `_buffers` or `_modules`; empty when `super().__init__()` never ran."""
    found = own_names(module).get(name)
    return found if isinstance(found, dict) else {}


def class_attribute(kind: type, name: str) -> Any:
    """A plain value or function that a class or one of its bases holds; never a property."""
    for base in _static(kind, "__mro__"):
        found = _static(base, "__dict__").get(name, _MISSING)
        if found is not _MISSING:
            if type(found) in (*_PLAIN, tuple, list, dict, types.FunctionType):
                return found
            break
    raise Unknown


def is_named_result(value: Any) -> bool:
    """True for what `max(dim)`, `sort` and the like return."""
    return _static(type(value), "__module__") == "torch.return_types"


def is_plain(value: Any) -> bool:
    """True for numbers, texts and None, exactly."""
    return type(value) in _PLAIN


def child_names(value: Any) -> list[str]:
    """Names that `value.` can be followed by, without asking `value` itself."""
    kind = type(value)
    names: dict[str, None] = {}
    if issubclass(kind, nn.Module):
        for part in ("_modules", "_parameters", "_buffers"):
            names |= dict.fromkeys(registry(value, part))
    names |= dict.fromkeys(own_names(value))
    bases = _static(value, "__mro__") if issubclass(kind, type) else ()
    for base in (*bases, *_static(kind, "__mro__")):
        names |= dict.fromkeys(_static(base, "__dict__"))
    return [name for name in names if type(name) is str]


def _module_attribute(module: nn.Module, name: str) -> Any:
    for part in ("_parameters", "_buffers", "_modules"):
        found = registry(module, part).get(name, _MISSING)
        if found is not _MISSING:
            return found
    found = own_names(module).get(name, _MISSING)
    return class_attribute(type(module), name) if found is _MISSING else found


def _from(names: dict[str, Any], name: str) -> Any:
    found = names.get(name, _MISSING)
    if found is _MISSING:
        raise Unknown
    return found


def _fields(kind: type) -> tuple[str, ...]:
    for base in _static(kind, "__mro__"):
        fields = _static(base, "__dict__").get("_fields")
        if type(fields) is tuple:
            return fields
    return ()
