"""The values that backward was called on, by the expression that the learner called it on."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType
from typing import Any

import torch

from tutor import raw
from tutor.plain import clip
from tutor.wire.observed.training import LOSSES, POINTS, LossPoints
from tutor.worker.observe.training.cellmap import CellMap
from tutor.worker.observe.training.frames import look
from tutor.worker.observe.training.scalars import finite

_NAMED = 40
_SITES = 256
_Tensor, _Parameter = torch.Tensor, torch.nn.Parameter
_item, _detach = torch._C.TensorBase.item, torch._C.TensorBase.detach
_numel, _is_cpu = torch._C.TensorBase.numel, torch._C.TensorBase.is_cpu.__get__
_stack = torch.stack


@dataclass(frozen=True, slots=True)
class Site:
    """One call of backward in the source. `names` are its tensors; `unscaled` is the variable
    that `scaler.scale(…)` was given, "" elsewhere."""

    line: int
    names: tuple[str, ...]
    unscaled: str = ""


class Losses:
    """Values since the last `drain`. On the CPU they are read at once, so that no tensor is kept;
    elsewhere a reference to one number waits for the drain, which reads all in one go."""

    def __init__(self) -> None:
        self._sites: dict[tuple[CodeType, int], Site] = {}
        self._kept: dict[tuple[str, int], tuple[list[int], list[Any]]] = {}
        self._bad: dict[tuple[str, int], tuple[str, int]] = {}
        self.names: set[str] = set()

    def take(
        self, tensors: Any, frame: FrameType | None, source: CellMap | None, number: int
    ) -> bool:
        """Keep the value of backward call `number`. True when it is the first one of its loss
        that is not finite. `frame` is the learner's, of which `source` is the map."""
        site = self._site(frame, source)
        several = tensors if type(tensors) in (list, tuple) else (tensors,)
        if site.unscaled and frame is not None:
            several = (look(frame, (site.unscaled,)).get(site.unscaled, tensors),)
        worse = False
        for place, tensor in enumerate(islice(several, 4)):
            if type(tensor) not in (_Tensor, _Parameter) or _numel(tensor) != 1:
                continue
            name = site.names[place] if place < len(site.names) else f"loss {place + 1}"
            worse |= self._keep((name, site.line), tensor, number)
        return worse

    def drain(self) -> tuple[LossPoints, ...]:
        """Everything new, and forget it. Inside `raw.below_everything`."""
        kept, self._kept = self._kept, {}
        points = []
        for (name, line), (at, values) in islice(kept.items(), LOSSES):
            numbers = _numbers(values)
            for number, value in zip(at, numbers, strict=True):
                if not math.isfinite(value):
                    self._bad.setdefault((name, line), (_word(value), number))
                    break
            bad, bad_at = self._bad.get((name, line), ("", 0))
            shown = tuple(map(finite, numbers[-POINTS:]))
            points.append(LossPoints(name, line, tuple(at[-POINTS:]), shown, bad, bad_at))
        return tuple(points)

    def _keep(self, key: tuple[str, int], tensor: torch.Tensor, number: int) -> bool:
        at, values = self._kept.setdefault(key, ([], []))
        self.names.add(key[0])
        at.append(number)
        if not _is_cpu(tensor):
            values.append(_detach(tensor))
            return False
        value = _item(tensor)
        value = float(value.real) if type(value) is complex else float(value)
        values.append(value)
        if key in self._bad or math.isfinite(value):
            return False
        self._bad[key] = (_word(value), number)
        return True

    def _site(self, frame: FrameType | None, source: CellMap | None) -> Site:
        if frame is None or source is None:
            return Site(0, ("loss",))
        key = (frame.f_code, frame.f_lasti)
        site = self._sites.get(key)
        if site is None:
            if len(self._sites) >= _SITES:
                self._sites.clear()
            site = self._sites[key] = site_of(frame, source)
        return site


def site_of(frame: FrameType, source: CellMap) -> Site:
    """The call that `frame` is in, by the exact place that its instruction stands for."""
    place = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    line = frame.f_lineno or 0
    if place is None:
        return Site(line, ("loss",))
    first, last, column, end = place
    call = source.calls.get((first or 0, column or 0, last or 0, end or 0))
    if call is None:
        return Site(line, ("loss",))
    return Site(line, *_named(call, lambda name: raw.is_tensor(look(frame, (name,)).get(name))))


def _named(call: ast.Call, is_tensor: Callable[[str], bool]) -> tuple[tuple[str, ...], str]:
    """Names of what backward is called on, and the variable inside `scaler.scale(…)`."""
    match call.func:
        case ast.Attribute(value=receiver, attr="backward") if not _is_autograd(receiver):
            match receiver:
                case ast.Call(func=ast.Attribute(attr="scale"), args=[ast.Name(id=name)]):
                    return (clip(name, _NAMED),), name
            if isinstance(receiver, ast.Name) and call.args and not is_tensor(receiver.id):
                return (_text(call.args[0]),), ""  # accelerator.backward(loss)
            return (_text(receiver),), ""
    if not call.args:
        return ("loss",), ""
    match call.args[0]:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return tuple(map(_text, elements)), ""
        case ast.Name() | ast.Attribute() | ast.Subscript() if _called_backward(call.func):
            return (_text(call.args[0]),), ""
    return ("loss",), ""


def _called_backward(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="backward") | ast.Attribute(attr="backward"):
            return True
    return False


def _is_autograd(receiver: ast.expr) -> bool:
    match receiver:
        case ast.Name(id="autograd") | ast.Attribute(attr="autograd"):
            return True
    return False


def _text(node: ast.expr) -> str:
    return clip(ast.unparse(node), _NAMED)


def _word(value: float) -> str:
    return "NaN" if value != value else "+inf" if value > 0 else "-inf"


def _numbers(values: list[Any]) -> list[float]:
    """All as floats; what lies on a device is fetched in one go."""
    places = [place for place, value in enumerate(values) if raw.is_tensor(value)]
    if not places:
        return values
    numbers = list(values)
    waiting = [values[place].reshape(()) for place in places]
    try:
        fetched = _stack(waiting).tolist()
    except RuntimeError:  # on more than one device
        fetched = [tensor.item() for tensor in waiting]
    for place, number in zip(places, fetched, strict=True):
        numbers[place] = float(number)
    return numbers
