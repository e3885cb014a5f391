"""Everything that is watched in one rank, and the thread that tells of it."""

from __future__ import annotations

import threading
import time

from tutor.wire.observed.ranks import RankCall
from tutor.worker.ranks.link import Link
from tutor.worker.ranks.messages import Called
from tutor.worker.ranks.watch.exchanges import watch_exchanges
from tutor.worker.ranks.watch.gradients import GradientWatch
from tutor.worker.ranks.watch.samples import watch_samples
from tutor.worker.ranks.watch.steps import watch_steps
from tutor.worker.ranks.watch.tally import Tally

EVERY = 0.1
"""Seconds between two ticks."""
_clock = time.perf_counter


class Watch:
    """Made, installed, begun and ended in the rank's main thread."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._tally = Tally()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def install(self) -> None:
        """Wrap what is watched; before any code of the learner is unpacked, since functions that
        he imported by name are looked up then."""
        gradients = GradientWatch(self._tally)
        watch_exchanges(self._tally, self._called)
        watch_samples(self._tally)
        watch_steps(self._tally, gradients)
        gradients.install()

    def begin(self) -> None:
        """The learner's function starts now."""
        self._tally.began = _clock()
        self._thread.start()

    def end(self) -> None:
        """Tell the last numbers; from now on nothing is told."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._link.offer(self._tally.tick())

    def _called(self, call: RankCall) -> None:
        self._link.offer(Called(call))

    def _beat(self) -> None:
        while not self._over.wait(EVERY):
            self._link.offer(self._tally.tick())
            self._tally.due = True
