"""The observer of memory: marks between statements, one look at everything at the end."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from tutor.wire.observed.memory import MOST_ROWS, MemoryMeasured
from tutor.worker.observe.memory.device import measured_devices
from tutor.worker.observe.memory.holdings import changed_names, holdings
from tutor.worker.observe.memory.marks import MARK, Samples, mark, marked, use
from tutor.worker.observe.memory.process import Resident, peak_bytes
from tutor.worker.observe.observer import Observer, Run


class MemoryWatch(Observer):
    """Remembers bytes by name from one run to the next, and nothing else of them."""

    def __init__(self) -> None:
        self._preloaded: Mapping[str, Any] | None = None
        self._by_name: Mapping[str, int] = {}
        self._complete = True
        self._idle = 0
        self._lines: tuple[int, ...] = ()
        self._samples: Samples | None = None

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        if self._preloaded is None:  # no cell has run yet
            self._preloaded = dict(run.names)
            self._idle = _resident()
        self._lines = ()
        changed, self._lines = marked(tree)
        run.names[MARK] = mark
        return changed

    def begin(self, run: Run) -> None:
        self._samples = Samples()
        use(self._samples)
        self._samples.take()

    def end(self, run: Run) -> None:
        use(None)
        samples, self._samples = self._samples, None
        if samples is None or self._preloaded is None:  # it never began
            return
        try:
            samples.take()
            growth = samples.growth(self._lines)
        finally:
            samples.resident.close()
        held = holdings(run.names, self._preloaded)
        complete = self._complete and held.complete
        changed = changed_names(self._by_name, held.by_name) if complete else ()
        self._by_name, self._complete = held.by_name, held.complete
        before, now = samples.taken[0], samples.taken[-1]
        run.emit(
            MemoryMeasured(
                run=run.number,
                block=run.block,
                process=now.process,
                before=before.process,
                idle=self._idle,
                peak=max(peak_bytes(), now.process),
                peak_before=before.peak,
                devices=measured_devices(held.devices),
                kinds=held.kinds,
                rows=held.rows[:MOST_ROWS],
                hidden=max(0, len(held.rows) - MOST_ROWS),
                lines=growth,
                changed=changed,
                complete=complete,
            )
        )


def _resident() -> int:
    resident = Resident()
    try:
        return resident.bytes()
    finally:
        resident.close()
