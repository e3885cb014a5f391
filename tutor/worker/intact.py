"""Python as it was before the learner's code: builtins and modules that ours needs to work."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any, TypeVar

_BUILTINS = builtins.__dict__
_MODULES = sys.modules
_dict, _tuple = dict, tuple
_MISSING = object()
T = TypeVar("T")


class Intact:
    """Swaps changed builtins out while our code runs and back in for the learner's next cell."""

    def __init__(self) -> None:
        self._builtins = _dict(_BUILTINS)
        self._modules = {name: module for name, module in _MODULES.items() if name != "__main__"}
        self._names = frozenset(self._modules)
        self._theirs: dict[str, Any] = {}

    def replace(self, name: str, value: Any) -> None:
        """Make `value` the original builtin of this name."""
        _BUILTINS[name] = self._builtins[name] = value

    def ours(self) -> None:
        """After learner code: the original builtins, and modules that were thrown out."""
        self._swap_out()
        sys.modules = _MODULES
        if not _MODULES.keys() >= self._names:  # at the speed of C, which the loop is not
            for name, module in self._modules.items():
                _MODULES.setdefault(name, module)

    def run(self, action: Callable[[], T]) -> T:
        """Do `action`, which is ours, in the midst of learner code."""
        self._swap_out()
        try:
            return action()
        finally:
            self.learners()

    def learners(self) -> None:
        """Before learner code: the builtins that it had changed."""
        for name, value in self._theirs.items():
            if value is _MISSING:
                del _BUILTINS[name]
            else:
                _BUILTINS[name] = value

    def _swap_out(self) -> None:
        theirs = self._theirs = _dict()
        for name, value in self._builtins.items():
            if _BUILTINS.get(name, _MISSING) is not value:
                theirs[name] = _BUILTINS.get(name, _MISSING)
                _BUILTINS[name] = value
