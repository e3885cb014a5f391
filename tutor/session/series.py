"""Append-only number series that cost the same to draw at a thousand and at a million points."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FACTOR = 16
"""Points a block of the next level of the pyramid stands for."""
FULL = 1_000_000
"""Points up to which everything is kept; after that only the extremes of what comes together."""


@dataclass(slots=True)
class _Level:
    """Lowest and highest value of whole blocks. Blocks without any finite number hold NaN."""

    low: array = field(default_factory=lambda: array("d"))
    high: array = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class _Store:
    """Grows at its end, and never changes anything else: many `Series` look at one store."""

    x: array = field(default_factory=lambda: array("d"))
    y: array = field(default_factory=lambda: array("d"))
    levels: list[_Level] = field(default_factory=list)
    holes: bool = False
    """Some y is NaN, so that `min` and `max` alone are not enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The first `count` points of a store: a frozen value, whatever is appended later.

    x never falls. A y that is not finite is NaN: a hole in the curve. Two series are equal when
    they are the same part of the same store.
    """

    count: int = 0
    _store: _Store = field(default_factory=_Store, repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series) or self.count != other.count:
            return False
        return self.count == 0 or self._store is other._store

    def __hash__(self) -> int:
        return hash((self.count, id(self._store) if self.count else 0))

    def extended(self, points: Iterable[tuple[float, float | None]]) -> Series:
        """With more points at the end. Costs as much as the new points, not the old ones.

        None, NaN and infinities become holes. An x before the last one is moved up to it.
        """
        new = [(x, math.nan if y is None or not math.isfinite(y) else y) for x, y in points]
        if self.count > FULL:
            new = _extremes(new)
        if not new:
            return self
        store = self._store
        if len(store.x) != self.count:  # somebody has gone on from the same value before
            store = _Store(store.x[: self.count], store.y[: self.count], holes=store.holes)
            _raise_levels(store)
        last = store.x[-1] if store.x else -math.inf
        for x, y in new:
            last = max(last, float(x))
            store.x.append(last)
            store.y.append(y)
            store.holes = store.holes or y != y
        _raise_levels(store)
        return Series(len(store.x), store)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> tuple[float, float]:
        if not -self.count <= place < self.count:
            raise IndexError(place)
        place %= self.count
        return self._store.x[place], self._store.y[place]

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self._store.x[: self.count], self._store.y[: self.count], strict=True)

    @property
    def last(self) -> float | None:
        """The newest y that is a number."""
        for place in range(self.count - 1, max(-1, self.count - 1 - FACTOR), -1):
            if not math.isnan(self._store.y[place]):
                return self._store.y[place]
        return None

    def span(self) -> tuple[float, float] | None:
        """First and last x; None without points."""
        return (self._store.x[0], self._store.x[self.count - 1]) if self.count else None

    def between(self, left: float, right: float) -> tuple[int, int]:
        """Places of the points with left ≤ x < right, as for a slice."""
        x = self._store.x
        first = bisect_left(x, left, 0, self.count)
        return first, bisect_left(x, right, first, self.count)

    def extremes(self, first: int, stop: int) -> tuple[float, float] | None:
        """Lowest and highest y of the points in that slice; None when none is a number."""
        lows: list[float] = []
        highs: list[float] = []
        store = self._store
        holes = store.holes
        first, stop = max(0, first), min(stop, self.count)
        low_of, high_of, level = store.y, store.y, 0
        while first < stop:
            if stop - first <= 2 * FACTOR or level >= len(store.levels):
                _collect(low_of, high_of, first, stop, lows, highs, holes)
                break
            inner, outer = -(-first // FACTOR), stop // FACTOR
            _collect(low_of, high_of, first, inner * FACTOR, lows, highs, holes)
            _collect(low_of, high_of, outer * FACTOR, stop, lows, highs, holes)
            low_of, high_of = store.levels[level].low, store.levels[level].high
            first, stop, level = inner, outer, level + 1
        return (min(lows), max(highs)) if lows else None

    def thinned(self, most: int) -> Series:
        """At most about `most` points with the same extremes, for keeping."""
        if self.count <= most:
            return self
        size = -(-self.count * 2 // most)
        points: list[tuple[float, float | None]] = []
        for first in range(0, self.count, size):
            found = self.extremes(first, first + size)
            x = self._store.x[first]
            points += [(x, None)] if found is None else [(x, found[0]), (x, found[1])]
        return Series().extended(points)


def _collect(
    low_of: array,
    high_of: array,
    first: int,
    stop: int,
    lows: list[float],
    highs: list[float],
    holes: bool,
) -> None:
    if not holes:
        if first < stop:
            lows.append(min(low_of[first:stop]))
            highs.append(max(high_of[first:stop]))
        return
    low = [value for value in low_of[first:stop] if value == value]
    if low:
        lows.append(min(low))
        highs.append(max(value for value in high_of[first:stop] if value == value))


def _raise_levels(store: _Store) -> None:
    """Fill the blocks that have become whole, level by level."""
    low_of, high_of, number = store.y, store.y, 0
    while len(low_of) >= FACTOR:
        if number == len(store.levels):
            store.levels.append(_Level())
        level = store.levels[number]
        for block in range(len(level.low), len(low_of) // FACTOR):
            first = block * FACTOR
            lows: list[float] = []
            highs: list[float] = []
            _collect(low_of, high_of, first, first + FACTOR, lows, highs, store.holes)
            level.low.append(lows[0] if lows else math.nan)
            level.high.append(highs[0] if highs else math.nan)
        low_of, high_of, number = level.low, level.high, number + 1


def _extremes(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The first lowest and highest of them in their order, holes where there is nothing else."""
    finite = [place for place, (_, y) in enumerate(points) if y == y]
    if not finite:
        return points[:1]
    chosen = {
        min(finite, key=lambda place: points[place][1]),
        max(finite, key=lambda place: points[place][1]),
    }
    return [points[place] for place in sorted(chosen)]
