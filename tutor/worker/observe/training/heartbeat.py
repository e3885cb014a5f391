"""Ten times a second, from a thread of its own: something to do while the learner's code runs."""

from __future__ import annotations

import _thread
from collections.abc import Callable

SECONDS = 0.1

_start, _allocate = _thread.start_new_thread, _thread.allocate_lock


class Heartbeat:
    """`beat` is called between `start` and `stop`, and never after `stop` has returned.

    The thread is made once and sleeps between runs. It is a bare one, so that the learner's
    `threading.enumerate()` does not list it.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._wake = _allocate()
        self._wake.acquire()
        self._guard = _allocate()
        self._running = False
        self._alive = False

    def start(self) -> None:
        with self._guard:
            self._running = True
            if not self._alive:
                self._alive = True
                _start(self._live, ())
            elif self._wake.locked():
                self._wake.release()

    def stop(self) -> None:
        with self._guard:
            self._running = False

    def forked(self) -> None:
        """In a child process: there is no thread, and the locks may be held for ever."""
        self._wake, self._guard = _allocate(), _allocate()
        self._wake.acquire()
        self._running = self._alive = False

    def _live(self) -> None:
        pause, wake, guard = _allocate(), self._wake, self._guard
        pause.acquire()
        while True:
            if not self._running:
                wake.acquire()
                continue
            pause.acquire(timeout=SECONDS)
            with guard:
                if self._running:
                    try:
                        self._beat()
                    except Exception:
                        self._running = False
