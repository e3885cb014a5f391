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
_Base: Any = torch._C.TensorBase
_item, _detach = _Base.item, _Base.detach
_numel, _is_cpu = _Base.numel, _Base.is_cpu.__get__
_stack, _isfinite = torch.stack, math.isfinite


@dataclass(frozen=True, slots=True)
class Site:
    """One call of backward in the source. `names` are its tensors; `unscaled` is the variable
    that `scaler.scale(…)` was given, "" elsewhere."""

    line: int
    names: tuple[str, ...]
    unscaled: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A site that has one scalar on the CPU, and where its values go: the short way for calls
    that come thousands of times a second. `code` keeps alive what the site was found by."""

    code: CodeType
    name: str
    line: int
    keep: Callable[[tuple[int, float]], None]


class Losses:
    """Values since the last `drain`. On the CPU they are read at once, so that no tensor is kept;
    elsewhere a reference to one number waits for the drain, which reads all in one go."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], Known] = {}
        """By the id of the code and the place in it: hashing code would read all of it."""
        self._sites: dict[tuple[int, int], tuple[CodeType, Site]] = {}
        self._kept: dict[tuple[str, int], list[tuple[int, Any]]] = {}
        self._bad: dict[tuple[str, int], tuple[str, int]] = {}
        self.names: set[str] = set()

    def take(
        self, tensors: Any, frame: FrameType | None, source: CellMap | None, number: int
    ) -> bool:
        """Keep the value of backward call `number`. True when it is the first one of its loss
        that is not finite. `frame` is the learner's, of which `source` is the map."""
        site = self._site(frame, source)
        if site.unscaled and frame is not None:
            tensors = look(frame, (site.unscaled,)).get(site.unscaled, tensors)
        elif frame is not None and type(tensors) is _Tensor and _is_short(tensors):
            keep = self._list(site.names[0], site.line).append
            known = Known(frame.f_code, site.names[0], site.line, keep)
            self.known[id(frame.f_code), frame.f_lasti] = known
        worse = False
        several = tensors if type(tensors) in (list, tuple) else (tensors,)
        for place, tensor in enumerate(islice(several, 4)):
            if type(tensor) in (_Tensor, _Parameter) and _numel(tensor) == 1:
                name = site.names[place] if place < len(site.names) else f"loss {place + 1}"
                worse |= self._keep(name, site.line, tensor, number)
        return worse

    def bad(self, name: str, line: int, value: float, number: int) -> bool:
        """Note a value that is not finite. True when it is the first one of its loss."""
        if (name, line) in self._bad:
            return False
        self._bad[name, line] = (_word(value), number)
        return True

    def drain(self) -> tuple[LossPoints, ...]:
        """Everything new, and forget it. Inside `raw.below_everything`."""
        points = []
        for (name, line), kept in islice(self._kept.items(), LOSSES):
            pairs = kept[:]
            del kept[: len(pairs)]  # the list stays: `Known` appends to it
            if not pairs:
                continue
            numbers = _numbers([value for _, value in pairs])
            for (number, _), value in zip(pairs, numbers, strict=True):
                if not _isfinite(value):
                    self.bad(name, line, value, number)
                    break
            bad, bad_at = self._bad.get((name, line), ("", 0))
            at = tuple(number for number, _ in pairs[-POINTS:])
            shown = tuple(map(finite, numbers[-POINTS:]))
            points.append(LossPoints(name, line, at, shown, bad, bad_at))
        return tuple(points)

    def _keep(self, name: str, line: int, tensor: torch.Tensor, number: int) -> bool:
        kept = self._list(name, line)
        if not _is_cpu(tensor):
            kept.append((number, _detach(tensor)))
            return False
        value = _item(tensor)
        if type(value) is not float:
            value = float(value.real)
        kept.append((number, value))
        return not _isfinite(value) and self.bad(name, line, value, number)

    def _list(self, name: str, line: int) -> list[tuple[int, Any]]:
        kept = self._kept.get((name, line))
        if kept is None:
            kept = self._kept[name, line] = []
            self.names.add(name)
        return kept

    def _site(self, frame: FrameType | None, source: CellMap | None) -> Site:
        if frame is None or source is None:
            return Site(0, ("loss",))
        code = frame.f_code
        key = (id(code), frame.f_lasti)
        known = self._sites.get(key)
        if known is not None:
            return known[1]
        if len(self._sites) >= _SITES:
            self._sites.clear()
            self.known.clear()
        site = site_of(frame, source)
        self._sites[key] = code, site
        return site


def _is_short(tensor: torch.Tensor) -> bool:
    return _is_cpu(tensor) and _numel(tensor) == 1 and tensor.dtype.is_floating_point


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
