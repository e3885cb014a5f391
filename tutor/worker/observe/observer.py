"""Observers look at a run without touching its results; one that fails is silenced, not the run."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tutor.wire.base import Message

_getpid = os.getpid


@dataclass(frozen=True, slots=True)
class Run:
    """The run that is watched. `emit` never waits for the app while the learner's code runs."""

    number: int
    block: str
    source: str
    file: str
    """File name of the compiled code, `<cell BLOCK>`."""
    names: dict[str, Any]
    """The learner's namespace. Keep no tensor of it beyond the end of the run."""
    emit: Callable[[Message], None]


class Observer:
    """Base of all observers: every method may be left out."""

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        """The cell as it will be compiled; keep every location, or errors point elsewhere."""
        return tree

    def begin(self, run: Run) -> None:
        """Right before the code runs: install hooks."""

    def failed(self, run: Run, error: BaseException) -> None:
        """The code raised; the traceback still holds its frames. Keep none of them."""

    def end(self, run: Run) -> None:
        """The run is over, however it ended: remove hooks, send what is left."""


Kind = TypeVar("Kind", bound=Observer)


class Observers:
    """All observers of a worker, each behind its own guard."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = list(observers)
        self._process = _getpid()
        self.trouble: dict[str, str] = {}
        """Observers that raised, by class name, and what."""

    def of_kind(self, kind: type[Kind]) -> Kind:
        """The observer of this class. Raises StopIteration when there is none."""
        return next(observer for observer in self._observers if isinstance(observer, kind))

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        for observer in self._observers:
            changed = self._guarded(observer, observer.rewrite, run, tree)
            tree = tree if changed is None else changed
        return tree

    def begin(self, run: Run) -> None:
        for observer in self._observers:
            self._guarded(observer, observer.begin, run)

    def failed(self, run: Run, error: BaseException) -> None:
        for observer in self._observers:
            self._guarded(observer, observer.failed, run, error)

    def end(self, run: Run) -> None:
        for observer in reversed(self._observers):
            self._guarded(observer, observer.end, run)

    def _guarded(self, observer: Observer, method: Callable[..., Any], *arguments: Any) -> Any:
        if _getpid() != self._process:
            return None
        try:
            return method(*arguments)
        except Exception as error:
            self.trouble[type(observer).__name__] = f"{type(error).__name__}: {error}"
            return None
