"""Imports of installed modules end before an interrupt takes effect.

A library that is left in the midst of its first import may never work again in this process:
some of its modules are there, others are not, and what it registered cannot be registered twice.
"""

from __future__ import annotations

import importlib
import site
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

_modules = sys.modules
_bootstrap: Any = importlib._bootstrap  # type: ignore[attr-defined]
_OURS = str(Path(__file__).resolve().parents[2])


class Imports:
    """Make it once a process. `ended` is called after each import while `waiting` is true."""

    def __init__(self, ended: Callable[[FrameType], None]) -> None:
        self.waiting = False
        self._ended = ended
        self._installed = installed_roots()
        self._code = self._watch()

    def going_on(self, frame: FrameType | None) -> bool:
        """Whether an installed module is being imported in `frame` or around it."""
        while frame is not None:
            if frame.f_code is self._code and self.is_installed(frame.f_locals["name"]):
                return True
            frame = frame.f_back
        return False

    def is_installed(self, name: str) -> bool:
        """Whether a module belongs to Python, to a package, or to us. One that has no place yet is
        still being looked for, which does not take long."""
        spec = getattr(_modules.get(name), "__spec__", None)
        origin = getattr(spec, "origin", None)
        if type(origin) is not str or origin in ("built-in", "frozen"):
            return True
        return origin.startswith(self._installed)

    def _watch(self) -> Any:
        original, getframe = _bootstrap._find_and_load, sys._getframe

        def _find_and_load(name: str, import_: Any) -> Any:
            try:
                return original(name, import_)
            finally:
                if self.waiting:
                    self._ended(getframe(1))

        # Python leaves the frames of this file out of tracebacks.
        file = original.__code__.co_filename
        _find_and_load.__code__ = _find_and_load.__code__.replace(co_filename=file)
        _bootstrap._find_and_load = _find_and_load
        return _find_and_load.__code__


def installed_roots() -> tuple[str, ...]:
    """Folders in which the modules that nobody wrote in here live."""
    paths = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += site.getsitepackages()
    if site.ENABLE_USER_SITE:
        paths.append(site.getusersitepackages())
    roots = {str(Path(path).resolve()) for path in paths} | set(paths) | {_OURS + "/tutor"}
    return tuple(sorted(f"{root}/" for root in roots))
