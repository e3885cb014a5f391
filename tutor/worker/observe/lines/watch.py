"""The observer of lines: puts the probes in, arms them for a run, tells what they saw."""

from __future__ import annotations

import _thread
import ast
from collections.abc import Mapping
from typing import Any

import torch

from tutor.wire.observed.lines import MOST_CELLS, LinesSeen
from tutor.worker.observe.lines.probe import LOOKS, Cell, Recorder, record, use
from tutor.worker.observe.lines.rewrite import COMPILING, COUNTERS, RECORD, rewritten
from tutor.worker.observe.observer import Observer, Run

EVERY = 0.2
"""Seconds between two messages while a cell runs."""
SOON = 0.05
"""Seconds until the first one."""

_start_thread, _allocate_lock = _thread.start_new_thread, _thread.allocate_lock
_NUMBERS = (int, float, bool, complex, str)
_no_torch_function = torch._C.DisableTorchFunction


class LineWatch(Observer):
    """Keeps the latest text of each block; functions defined there report in later runs too."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._cells: dict[str, Cell] = {}
        self._beat: _Beat | None = None
        self._calls = False

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        self._calls = any(map(_is_call, ast.walk(tree)))
        first = self._recorder.next_site
        changed, sites = rewritten(tree, first, _Numbers(run.names))
        old = self._cells.pop(run.block, None)
        if old is not None:
            self._recorder.forget(old)
        if not sites:
            return tree
        cell = Cell(run.block, run.number, first, sites)
        self._recorder.add(cell)
        self._cells[run.block] = cell
        run.names[COUNTERS] = self._recorder.counters
        run.names[COMPILING] = torch.compiler.is_dynamo_compiling
        run.names[RECORD] = record
        return changed

    def begin(self, run: Run) -> None:
        if not self._cells:
            return
        use(self._recorder)
        for cell in self._cells.values():
            self._recorder.arm(cell, LOOKS, functions_only=cell.text_run != run.number)
        if self._calls:  # nothing else takes long enough to be told of before its end
            self._beat = _Beat(lambda: self._tick(run))

    def end(self, run: Run) -> None:
        if self._beat is not None:
            self._beat.stop()
            self._beat = None
        current = self._cells.get(run.block)
        if current is not None and current.text_run == run.number:
            self._last_values(current, run.names)
        for cell in self._cells.values():
            self._recorder.silence(cell)
        self._tell(run)

    def _tick(self, run: Run) -> None:
        """Tell what is new, and let every silent site of this run look once more."""
        self._tell(run)
        for cell in list(self._cells.values()):
            self._recorder.arm(cell, 1, functions_only=cell.text_run != run.number)

    def _tell(self, run: Run) -> None:
        dirty = [cell for cell in self._cells.values() if cell.dirty][:MOST_CELLS]
        for cell in dirty:
            cell.dirty = False
        if dirty:
            run.emit(LinesSeen(run.number, tuple(cell.lines() for cell in dirty)))

    def _last_values(self, cell: Cell, names: Mapping[str, Any]) -> None:
        """A loop's later rounds were not seen; what its names hold at the end belongs to them.

        Only where one silent site of the module binds the name, and no later line did.
        """
        silent: dict[str, list[tuple[int, int]]] = {}
        latest: dict[str, int] = {}
        for place, site in enumerate(cell.sites):
            if site.in_function:
                continue
            spent = self._recorder.counters[cell.first + place] == 0
            for index, bound in enumerate(site.bound):
                if bound.attribute:
                    continue
                if spent:
                    silent.setdefault(bound.name, []).append((place, index))
                elif self._recorder.counters[cell.first + place] < LOOKS:
                    latest[bound.name] = max(latest.get(bound.name, 0), bound.line)
        for name, places in silent.items():
            place, index = places[0]
            bound = cell.sites[place].bound[index]
            if len(places) > 1 or latest.get(name, 0) > bound.line or name not in names:
                continue
            try:
                with _no_torch_function():
                    cell.dirty = cell.seen[place][index].look(names[name]) or cell.dirty
            except Exception:
                continue


def _is_call(node: ast.AST) -> bool:
    """A call of the learner's, which may take long; other observers' are short."""
    if not isinstance(node, ast.Call):
        return False
    return not (isinstance(node.func, ast.Name) and node.func.id.startswith("__tt_"))


class _Numbers:
    """Names of the learner that hold a number or text now."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return type(self._names.get(name)) in _NUMBERS  # type: ignore[arg-type]


class _Beat:
    """Calls `tick` every `EVERY` seconds from a thread of its own, until it is stopped."""

    def __init__(self, tick: Any) -> None:
        self._tick = tick
        self._stopped = _allocate_lock()
        self._stopped.acquire()
        self._busy = _allocate_lock()
        _start_thread(self._run, ())

    def stop(self) -> None:
        """Afterwards no tick is under way and none will be."""
        self._stopped.release()
        with self._busy:
            self._tick = None

    def _run(self) -> None:
        wait = SOON
        while not self._stopped.acquire(True, wait):
            wait = EVERY
            with self._busy:
                tick = self._tick
                if tick is None:
                    return
                try:
                    tick()
                except Exception:
                    return
