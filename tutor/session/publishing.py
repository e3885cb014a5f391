"""From live state to frozen snapshots: at most 30 a second, and ten while only the clock runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tutor.session.live import LiveState
from tutor.session.snapshot import Snapshot

FRAME = 1 / 30
"""Seconds between two snapshots at least."""
CLOCK_FRAME = 0.1
"""Seconds between two snapshots while only the running time changes."""

Listener = Callable[[Snapshot], None]


class Publisher:
    """Tells listeners of each new snapshot of `live`."""

    def __init__(self, live: LiveState) -> None:
        self._live = live
        self._listeners: list[Listener] = []
        self._flush: asyncio.TimerHandle | None = None
        self._closed = False
        self.snapshot = live.snapshot()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def changed(self, delay: float = FRAME) -> None:
        """Something changed: a snapshot comes within `delay` seconds."""
        if self._flush is None and not self._closed:
            self._flush = asyncio.get_running_loop().call_later(delay, self.publish)

    def publish(self) -> None:
        """A snapshot now."""
        if self._flush is not None:
            self._flush.cancel()
        self._flush = None
        self.snapshot = snapshot = self._live.snapshot()
        for listener in list(self._listeners):
            listener(snapshot)
        if self._live.running:
            self.changed(CLOCK_FRAME)

    def close(self) -> None:
        """Nothing is told any more."""
        self._closed = True
        if self._flush is not None:
            self._flush.cancel()
