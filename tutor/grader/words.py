"""How values are named in messages to the learner."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tutor.grader.proxies import RemoteObject, label_of, name_of, type_name
from tutor.plain import clip, counted, number_text
from tutor.raw import dtype_name
from tutor.text import shape_text


def kind_of(value: Any) -> str:
    """`None`, `a tensor 2×3 float32`, `a list of 3`, `the number 0.5`, `a Linear`."""
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a tensor {shape_words(tuple(value.shape))} {dtype_name(value.dtype)}"
    if isinstance(value, RemoteObject):
        return _article(type_name(value))
    if isinstance(value, bool):
        return f"the bool {value}"
    if isinstance(value, int | float | complex | np.generic):
        return f"the number {number_words(value)}"
    if isinstance(value, str):
        return f"the text {clip(repr(value), 60)}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {counted(len(value), 'item')}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array {shape_words(value.shape)} {value.dtype}"
    return _article(type(value).__name__)


def shape_words(shape: tuple[int, ...]) -> str:
    """`2×3`; `(3,)` for one dimension; `()` for a single number, with what that means."""
    if len(shape) == 1:
        return f"({shape[0]},)"
    return shape_text(shape) if shape else "() (a single number)"


def number_words(value: Any) -> str:
    """A Python or NumPy number in a sentence."""
    if isinstance(value, np.generic):
        value = value.item()
    return number_text(value) if isinstance(value, int | float | complex) else clip(value, 60)


def capitalised(text: str) -> str:
    """First letter in upper case, the others untouched."""
    return text[:1].upper() + text[1:]


def type_words(wanted: Any) -> str:
    """`a tensor`, `an int`: a class, or the name of one."""
    name = wanted if isinstance(wanted, str) else wanted.__name__
    name = {"Tensor": "tensor", "str": "text"}.get(name, name)
    return _article(name)


def subject(target: RemoteObject) -> str:
    """How a sentence about a stand-in begins: `` `model` (a Linear)``."""
    if name_of(target):
        return f"`{label_of(target)}` ({kind_of(target)})"
    return capitalised(label_of(target))


def case_label(name: str, parameters: list[str], args: tuple[Any, ...], kw: dict[str, Any]) -> str:
    """`standardise(x) with x 6×3`: how a call is named when nobody named it."""
    names = [
        parameters[index] if index < len(parameters) else f"argument {index + 1}"
        for index in range(len(args))
    ]
    inside = ", ".join([*names, *(f"{key}=" for key in kw)])
    described = [_argument(n, v) for n, v in [*zip(names, args, strict=True), *kw.items()]]
    label = f"{name if name.replace('.', '_').isidentifier() else f'({name})'}({inside})"
    return clip(f"{label} with {', '.join(described)}" if described else label, 300)


def _argument(name: str, value: Any) -> str:
    if isinstance(value, torch.Tensor):
        if value.dim() == 0 and value.device.type != "meta":
            return f"{name} = tensor({number_text(value.item())})"
        plain = "" if value.dtype is torch.float32 else f" {dtype_name(value.dtype)}"
        return f"{name} {shape_text(tuple(value.shape))}{plain}"
    if isinstance(value, np.ndarray):
        return f"{name} an array {shape_text(value.shape)}"
    if isinstance(value, RemoteObject):
        return f"{name} = {clip(label_of(value), 60)}"
    if isinstance(value, list | tuple | dict) and len(repr(value)) > 60:
        return f"{name} {kind_of(value)}"
    return f"{name} = {clip(repr(value), 60)}"


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOUaeiou' else 'a'} {noun}"
