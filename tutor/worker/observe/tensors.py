"""The table of all tensors after a run, and what the run did to each of them."""

from __future__ import annotations

import time
import weakref
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from tutor import raw
from tutor.plain import NAME, clip
from tutor.wire.messages import TensorRow, TensorsChanged
from tutor.worker.observe.fingerprint import Fingerprint, Place, fingerprint
from tutor.worker.observe.statistics import Statistics, statistics
from tutor.worker.observe.walk import Found, tensors_in

MAX_ROWS = 400
MAX_SHARES = 8
STATISTICS_SECONDS = 0.030
CHECKSUM_SECONDS = 0.010

Change = Literal["", "added", "rebound", "mutated", "gradient"]
_clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class _Seen:
    """A tensor as it was at the last look. The weak reference keeps nothing alive."""

    reference: weakref.ref[torch.Tensor]
    fingerprint: Fingerprint
    statistics: Statistics | None


class TensorWatch:
    """Remembers the last look; `preloaded` names are not the learner's."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.preloaded = dict(names)
        self._seen: dict[str, _Seen] = {}

    def look(self, run: int, names: Mapping[str, Any]) -> TensorsChanged:
        """The whole table now. Costs about 0.1 ms when nothing changed, 40 ms at most."""
        with raw.below_everything():
            return self._look(run, names)

    def _look(self, run: int, names: Mapping[str, Any]) -> TensorsChanged:
        found = list(tensors_in(names, self.preloaded))
        now = _clock()
        checksums_until = now + CHECKSUM_SECONDS
        states = [fingerprint(item.tensor, checksums_until) for item in found]
        statistics_until = _clock() + STATISTICS_SECONDS
        sharing = _Sharing(found, [place for _, place in states])
        before, self._seen = self._seen, {}
        rows: list[TensorRow] = []
        for item, (state, place) in zip(found, states, strict=True):
            known = before.get(item.path)
            change = _change(item.tensor, state, known)
            figures = known.statistics if known is not None else None
            if change in ("added", "rebound", "mutated"):
                figures = None
            shown = len(rows) < MAX_ROWS
            if figures is None and shown and _clock() < statistics_until:
                figures = statistics(item.tensor)
            self._seen[item.path] = _Seen(weakref.ref(item.tensor), state, figures)
            if shown:
                rows.append(
                    row_of(
                        item,
                        figures or Statistics(),
                        change,
                        sharing.alias_of(item),
                        sharing.shares(item, place),
                    )
                )
        gone = [path for path in before if path not in self._seen]
        return TensorsChanged(run, tuple(rows), tuple(gone[:MAX_ROWS]), len(found) - len(rows))


def row_of(
    item: Found,
    figures: Statistics,
    change: Change = "",
    alias_of: str = "",
    shares: tuple[str, ...] = (),
) -> TensorRow:
    """The row of one tensor. Inside `raw.below_everything`; never raises for odd tensors."""
    tensor = item.tensor
    function = raw.grad_fn_of(tensor)
    return TensorRow(
        path=item.path,
        shape=_shape(tensor),
        dtype=raw.dtype_name(raw.dtype_of(tensor)),
        device=clip(raw.device_of(tensor), NAME),
        requires_grad=bool(raw.requires_grad_of(tensor)),
        kind=item.kind,
        change=change,
        mean=figures.mean,
        minimum=figures.minimum,
        maximum=figures.maximum,
        nan=figures.nan,
        inf=figures.inf,
        has_grad=raw.gradient_of(tensor) is not None,
        grad_fn=clip(type(function).__name__, NAME) if function is not None else "",
        alias_of=alias_of,
        shares=shares,
        note=figures.note,
    )


def _change(tensor: torch.Tensor, state: Fingerprint, known: _Seen | None) -> Change:
    if known is None:
        return "added"
    if known.reference() is not tensor:
        return "rebound"
    if state.changed_since(known.fingerprint):
        return "mutated"
    return "gradient" if state.gradient_changed_since(known.fingerprint) else ""


def _shape(tensor: torch.Tensor) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in raw.shape_of(tensor))
    except Exception:  # nested tensors have no single shape
        return ()


class _Sharing:
    """Which paths are the same object, and which overlap in memory."""

    def __init__(self, found: list[Found], places: list[Place]) -> None:
        self._first: dict[int, str] = {}
        self._at: defaultdict[int, list[tuple[Found, Place]]] = defaultdict(list)
        for item, place in zip(found, places, strict=True):
            if self._first.setdefault(id(item.tensor), item.path) == item.path and place.storage:
                self._at[place.storage].append((item, place))

    def alias_of(self, item: Found) -> str:
        first = self._first[id(item.tensor)]
        return "" if first == item.path else first

    def shares(self, item: Found, place: Place) -> tuple[str, ...]:
        """Other tensors over the same bytes, at most 8; one name for each object."""
        names: list[str] = []
        for other, there in self._at[place.storage] if place.storage else ():
            if other.tensor is not item.tensor and place.overlaps(there):
                names.append(other.path)
                if len(names) == MAX_SHARES:
                    break
        return tuple(names)
