"""Reading a tensor below anything that its class, a patched torch or an active mode may say.

References are taken when this module is imported, before any learner code has run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import _disable_current_modes

_BASE: Any = torch._C.TensorBase
_issubclass, _type, _tensor, _parameter = issubclass, type, torch.Tensor, nn.Parameter
_detach = torch.Tensor.detach
_attributes = object.__getattribute__
_no_torch_function = torch._C.DisableTorchFunction
_no_grad = torch.no_grad

shape_of = _BASE.shape.__get__
dtype_of = _BASE.dtype.__get__
device_of = _BASE.device.__get__
layout_of = _BASE.layout.__get__
requires_grad_of = _BASE.requires_grad.__get__
is_leaf_of = _BASE.is_leaf.__get__
grad_fn_of = _BASE.grad_fn.__get__
grad_of = _BASE.grad.__get__
retains_grad_of = _BASE.retains_grad.__get__
version_of = _BASE._version.__get__
is_nested_of = _BASE.is_nested.__get__
is_quantized_of = _BASE.is_quantized.__get__


def is_tensor(value: Any) -> bool:
    """True for real tensors, whatever `__class__` claims."""
    return _issubclass(_type(value), _tensor)


def is_parameter(value: Any) -> bool:
    """True for `nn.Parameter`, and for tensor subclasses that were wrapped into one."""
    if _issubclass(_type(value), _parameter):
        return True
    return is_tensor(value) and bool(_attributes(value, "__dict__").get("_is_param", False))


@contextlib.contextmanager
def below_everything() -> Iterator[None]:
    """No autograd, no `__torch_function__`, no modes that learner code may have left on."""
    with _no_grad(), _no_torch_function(), _disable_current_modes():
        yield


def bare(tensor: torch.Tensor) -> torch.Tensor:
    """The data of `tensor` as a plain tensor that shares its memory. Inside `below_everything`."""
    return _detach(tensor)


def gradient_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """`.grad` where it can exist; a non-leaf is not asked, because that warns."""
    if is_leaf_of(tensor) or retains_grad_of(tensor):
        return grad_of(tensor)
    return None


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`."""
    return str(dtype).removeprefix("torch.")
