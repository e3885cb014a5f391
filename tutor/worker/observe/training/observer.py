"""The observer of training loops: hooks in at the beginning of every run, out at its end."""

from __future__ import annotations

import ast
import os

from tutor.worker.observe.observer import Observer, Run
from tutor.worker.observe.training import hooks
from tutor.worker.observe.training.cellmap import CellMap, map_of
from tutor.worker.observe.training.heartbeat import Heartbeat
from tutor.worker.observe.training.watch import Watch

KEPT_SOURCES = 64
"""Cells whose functions are recognised in later ones."""


class TrainingObserver(Observer):
    """Sends `TrainingTick`, `GradientNorms` and `Pulse`; at most about 26 messages a second."""

    def __init__(self) -> None:
        self._maps: dict[str, CellMap] = {}
        self._watch: Watch | None = None
        self._heartbeat = Heartbeat(self._beat)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        self._maps.pop(run.file, None)
        while len(self._maps) >= KEPT_SOURCES:
            del self._maps[next(iter(self._maps))]
        self._maps[run.file] = map_of(tree)
        return tree

    def begin(self, run: Run) -> None:
        self._watch = watch = Watch(run, self._maps)
        hooks.attach(watch.step, watch.backward)
        self._heartbeat.start()

    def end(self, run: Run) -> None:
        self._heartbeat.stop()
        hooks.detach()
        watch, self._watch = self._watch, None
        if watch is None:
            return
        try:
            watch.end(run.names)
        finally:
            hooks.release()
        if watch.trouble:
            raise RuntimeError(watch.trouble)

    def _beat(self) -> None:
        watch = self._watch
        if watch is not None:
            watch.beat()

    def _forked(self) -> None:
        self._heartbeat.forked()
        hooks.detach()
