"""A rank's output in lines, and the lines of all ranks in an order that does not vary."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

MOST = 2_000
"""Lines kept of one rank, half of them the first, half the last."""
_LONGEST = 4_000


class Lines:
    """Bytes in, whole lines out. Keeps the first and the last `MOST / 2` lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._partial = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes; empty data, the end, completes the last one."""
        text = self._partial + self._decoder.decode(data, final=not data)
        *lines, self._partial = text.split("\n")
        if self._partial and (not data or len(self._partial) > _LONGEST):
            lines.append(self._partial)
            self._partial = ""
        return lines


class Kept:
    """All that the ranks of a run printed, bounded, to be shown rank after rank."""

    def __init__(self) -> None:
        self._first: dict[int, list[str]] = {}
        self._last: dict[int, list[str]] = {}
        self._dropped: dict[int, int] = {}

    def add(self, rank: int, line: str) -> None:
        first = self._first.setdefault(rank, [])
        if len(first) < MOST // 2:
            first.append(line)
            return
        last = self._last.setdefault(rank, [])
        last.append(line)
        if len(last) > MOST // 2:
            del last[0]
            self._dropped[rank] = self._dropped.get(rank, 0) + 1

    def lines(self) -> Iterable[str]:
        """Rank by rank, whatever the order in which they printed."""
        for rank in sorted(self._first):
            yield from (labelled(rank, line) for line in self._first[rank])
            if rank in self._dropped:
                yield labelled(rank, f"… {self._dropped[rank]:,} lines were left out")
            yield from (labelled(rank, line) for line in self._last.get(rank, ()))


def labelled(rank: int, line: str) -> str:
    """`[rank 0] hello`."""
    return f"[rank {rank}] {line}"
