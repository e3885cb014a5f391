"""Every storage that the learner's names lead to, counted once, and by what it is held."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import torch

from tutor import raw
from tutor.plain import LINE, NAME, clip
from tutor.wire.observed.memory import MOST_NAMES, Held, HeldByKind, Kind, NameChanged
from tutor.worker.observe.walk import Found, tensors_in

SECONDS = 0.030
"""Time for one look; what is not reached then is not counted."""
MOST_ALSO = 4
MOST_OPTIMIZERS = 20
MOST_STATE = 20_000
"""Tensors of one optimizer's state that are counted."""

_clock = time.perf_counter
_Optimizer = torch.optim.Optimizer


@dataclass(slots=True)
class _Storage:
    path: str
    bytes: int
    kind: Kind
    device: str
    count: int = 1
    also: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Holdings:
    """`rows` largest first; `by_name` is the bytes of every name of the namespace."""

    rows: tuple[Held, ...] = ()
    kinds: tuple[HeldByKind, ...] = ()
    by_name: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True

    @property
    def devices(self) -> set[str]:
        return {row.device for row in self.rows}


def holdings(names: Mapping[str, Any], preloaded: Mapping[str, Any]) -> Holdings:
    """Everything in `names` now. Keeps no tensor and runs no learner code."""
    with raw.below_everything():
        return _Look(_clock() + SECONDS).of(names, preloaded)


class _Look:
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._storages: dict[int, _Storage] = {}
        self._rows: list[_Storage] = []
        self._complete = True

    def of(self, names: Mapping[str, Any], preloaded: Mapping[str, Any]) -> Holdings:
        found: list[Found] = []
        for item in tensors_in(names, preloaded):
            if _clock() > self._deadline:
                self._complete = False
                break
            found.append(item)
            self._count(item.path, item.tensor, item.kind)
        for item in found:  # afterwards: a gradient that has a name is listed under it
            gradient = raw.gradient_of(item.tensor)
            if gradient is not None:
                self._count(f"{item.path}.grad", gradient, "gradient")
        for name, optimizer in _optimizers(names):
            self._count_state(name, optimizer)
        rows = [
            Held(
                clip(row.path, LINE),
                row.bytes,
                row.kind,
                clip(row.device, NAME),
                row.count,
                tuple(clip(name, LINE) for name in row.also),
            )
            for row in sorted(self._rows, key=lambda row: -row.bytes)
        ]
        return Holdings(tuple(rows), _by_kind(rows), _by_name(rows), self._complete)

    def _count(self, path: str, tensor: torch.Tensor, kind: Kind) -> None:
        size = _storage(tensor)
        if size is None:
            return
        key, count, device = size
        known = self._storages.get(key)
        if known is None:
            known = self._storages[key] = _Storage(path, count, kind, device)
            self._rows.append(known)
        elif path != known.path and len(known.also) < MOST_ALSO:
            known.also.append(path)

    def _count_state(self, name: str, optimizer: torch.optim.Optimizer) -> None:
        total = count = 0
        device = "cpu"
        for tensor in _state_tensors(optimizer):
            if count == MOST_STATE or _clock() > self._deadline:
                self._complete = False
                break
            size = _storage(tensor)
            if size is None or size[0] in self._storages:
                continue
            self._storages[size[0]] = row = _Storage("", size[1], "optimizer", size[2])
            total += row.bytes
            count += 1
            device = row.device if row.device != "cpu" else device
        if count:
            self._rows.append(_Storage(f"{name}.state", total, "optimizer", device, count))


def _storage(tensor: torch.Tensor) -> tuple[int, int, str] | None:
    """(identity, bytes, device) of what `tensor` lies in; None where it has nothing of its own."""
    try:
        data = raw.bare(tensor)
        if data.device.type == "meta":
            return None
        storage = data.untyped_storage()
        return storage._cdata, int(storage.nbytes()), str(data.device)
    except Exception:  # sparse and wrapper tensors
        return None


def _optimizers(names: Mapping[str, Any]) -> Iterator[tuple[str, torch.optim.Optimizer]]:
    found = [
        (name, value)
        for name, value in list(names.items())
        if type(name) is str and issubclass(type(value), _Optimizer)
    ]
    yield from found[:MOST_OPTIMIZERS]


def _state_tensors(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    state = object.__getattribute__(optimizer, "__dict__").get("state")
    if not isinstance(state, dict):
        return
    for of_parameter in list(dict.values(state)):
        if not isinstance(of_parameter, dict):
            continue
        for value in list(dict.values(of_parameter)):
            if raw.is_tensor(value):
                yield value
            elif isinstance(value, list):  # the history of L-BFGS
                yield from (item for item in list.copy(value) if raw.is_tensor(item))


def _by_kind(rows: Iterable[Held]) -> tuple[HeldByKind, ...]:
    totals: dict[Kind, list[int]] = {kind: [0, 0] for kind in get_args(Kind)}
    for row in rows:
        totals[row.kind][0] += row.bytes
        totals[row.kind][1] += row.count
    return tuple(HeldByKind(kind, size, count) for kind, (size, count) in totals.items() if count)


def _by_name(rows: Iterable[Held]) -> dict[str, int]:
    """Bytes by the name at the root of each path."""
    found: dict[str, int] = {}
    for row in rows:
        name = row.path.partition(".")[0].partition("[")[0]
        found[name] = found.get(name, 0) + row.bytes
    return found


def changed_names(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[NameChanged, ...]:
    """Names whose bytes differ, the largest difference first."""
    names = [name for name in {**before, **after} if before.get(name, 0) != after.get(name, 0)]
    names.sort(key=lambda name: -abs(after.get(name, 0) - before.get(name, 0)))
    return tuple(
        NameChanged(clip(name, LINE), before.get(name, 0), after.get(name, 0))
        for name in names[:MOST_NAMES]
    )
