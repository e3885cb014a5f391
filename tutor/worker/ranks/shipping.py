"""Functions of cells on their way to ranks: packed by value, since no module holds them.

A rank gets the code that ran, the classes and globals that it uses, and nothing else: no cell
is run again.
"""

from __future__ import annotations

import io
import marshal
import multiprocessing.context as context
import multiprocessing.reduction as reduction
import pickle
import types
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cloudpickle

from tutor.plain import clip
from tutor.worker.observe.lines.rewrite import COUNTERS

_NOTHING = object()
_Unpicklable = (pickle.PicklingError, TypeError, AttributeError, ValueError, RuntimeError)


class ShippingError(Exception):
    """Something cannot be sent to another process; str() says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A function and its arguments, with the descriptors of what they share with us."""

    function: bytes
    arguments: bytes
    descriptors: tuple[int, ...] = ()


def parcel(
    function: Any,
    arguments: tuple[Any, ...],
    names: Mapping[str, Any],
    *,
    share: bool,
    by_name: bool = False,
) -> Parcel:
    """Pack for a rank. `names` is the learner's namespace.

    share: tensors, queues and locks among the arguments are shared with this process, as
    `torch.multiprocessing.spawn` shares them; otherwise every rank gets copies.
    by_name: functions and classes are found in modules, as Python itself has it.

    Raises:
        ShippingError: a part cannot leave this process.
    """
    if by_name:
        return _by_name(function, arguments)
    try:
        packed = _pack(function, names)
    except _Unpicklable as error:
        raise ShippingError(_why(function, names, error)) from error
    if not share:
        try:
            return Parcel(packed, _pack(arguments, names))
        except _Unpicklable as error:
            raise ShippingError(f"The arguments could not be sent to the ranks: {error}") from error
    passage = _Passage()
    context.set_spawning_popen(passage)  # type: ignore[arg-type]
    try:
        shared = _pack(arguments, names, ChainMap(reduction.ForkingPickler._extra_reducers))  # type: ignore[attr-defined]
    except OSError:  # no shared memory here
        return Parcel(packed, _pack(arguments, names))
    except _Unpicklable as error:
        raise ShippingError(f"The arguments could not be sent to the ranks: {error}") from error
    finally:
        context.set_spawning_popen(None)
    return Parcel(packed, shared, tuple(passage.descriptors))


def _by_name(function: Any, arguments: tuple[Any, ...]) -> Parcel:
    """As multiprocessing does it; what it cannot pickle raises its own error."""
    passage = _Passage()
    context.set_spawning_popen(passage)  # type: ignore[arg-type]
    try:
        packed = bytes(reduction.ForkingPickler.dumps(function))
        shared = bytes(reduction.ForkingPickler.dumps(arguments))
    finally:
        context.set_spawning_popen(None)
    return Parcel(packed, shared, tuple(passage.descriptors))


def unpack(data: bytes, show: Callable[[Any], None]) -> Any:
    """What `parcel` packed, in a rank; `show` stands in for the worker's."""
    return _Unpickler(io.BytesIO(data), show).load()


def inherit(descriptors: tuple[int, ...]) -> None:
    """In a rank: the descriptors that came with the arguments, in their order."""
    _inherited[:] = descriptors


def pack_value(value: Any) -> bytes:
    """A rank's result. Classes of cells go by name where the worker can know them.

    Raises:
        ShippingError: it cannot leave the rank.
    """
    try:
        return pickle.dumps(value)
    except _Unpicklable:
        pass
    try:
        return cloudpickle.dumps(value)
    except _Unpicklable as error:
        kind = clip(type(value).__name__, 100)
        raise ShippingError(f"returned a {kind}, which could not be sent back: {error}") from None


# ------------------------------------------------------------------ inside

_inherited: list[int] = []


class _Passage:
    """What multiprocessing asks for a place for each descriptor that has to be passed on."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []

    def DupFd(self, place: int) -> _Inherited:  # noqa: N802 - multiprocessing's name
        return _Inherited(place)

    def duplicate_for_child(self, descriptor: int) -> int:
        self.descriptors.append(descriptor)
        return len(self.descriptors) - 1


class _Inherited:
    """Stands for a descriptor in a pickle; `detach` gives it, in the rank."""

    def __init__(self, place: int) -> None:
        self.place = place

    def detach(self) -> int:
        return _inherited[self.place]


class Pickler(cloudpickle.Pickler):
    """By value for what cells define. What belongs to the worker alone travels as a name."""

    def __init__(
        self, file: io.BytesIO, names: Mapping[str, Any], reducers: Mapping[Any, Any] | None
    ) -> None:
        own: dict[Any, Any] = {types.CodeType: _code_reduced}
        # Before the base class looks: later it would not see it.
        self.dispatch_table = ChainMap(own, reducers or {}, cloudpickle.Pickler.dispatch_table)  # type: ignore[arg-type]
        super().__init__(file)
        self._counters = names.get(COUNTERS, _NOTHING)
        self.show = names.get("show")

    def persistent_id(self, obj: Any) -> Any:
        if obj is self._counters:
            return "counters", len(obj)
        if type(obj) is types.MethodType and obj == self.show:
            return "show", 0
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, show: Callable[[Any], None]) -> None:
        super().__init__(file)
        self._show = show

    def persistent_load(self, pid: Any) -> Any:
        kind, count = pid
        return [0] * count if kind == "counters" else self._show


def _pack(value: Any, names: Mapping[str, Any], reducers: Mapping[Any, Any] | None = None) -> bytes:
    file = io.BytesIO()
    Pickler(file, names, reducers).dump(value)
    return file.getvalue()


def _code_reduced(code: types.CodeType) -> tuple[Any, ...]:
    """Whole, with its file and its lines, which tracebacks name."""
    return marshal.loads, (marshal.dumps(code),)


def _why(function: Any, names: Mapping[str, Any], error: BaseException) -> str:
    title = clip(getattr(function, "__name__", "the function"), 100)
    for name in sorted(_globals_of(function)):
        if name not in names:
            continue
        try:
            _pack(names[name], names)
        except _Unpicklable:
            return (
                f"`{title}` could not be sent to the ranks: it uses `{name}`, which cannot leave "
                f"this process ({clip(error, 300)}). Make `{name}` inside the function."
            )
    return f"`{title}` could not be sent to the ranks: {clip(error, 300)}"


def _globals_of(function: Any) -> set[str]:
    code = getattr(function, "__code__", None)
    return {name for part in _codes(code) for name in part.co_names} if code else set()


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
