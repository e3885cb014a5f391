"""Chooses the sandbox of this operating system: two functions, the same on each."""

from __future__ import annotations

import sys
from typing import Protocol

from tutor.sandbox.isolation import Layers, View


class Platform(Protocol):
    """What `linux`, `macos` and `windows` offer."""

    def detect(self, wanted: str = "") -> Layers:
        """The best isolation here, or the one `wanted`. Raises Unavailable."""
        ...

    def wrap(self, command: list[str], layers: Layers, view: View) -> list[str]:
        """The command line that runs `command` inside the outer layer."""
        ...


def choose(system: str = sys.platform) -> Platform:
    """The sandbox of the operating system called `system`, as in `sys.platform`."""
    if system == "darwin":
        from tutor.sandbox import macos

        return macos
    if system == "win32":
        from tutor.sandbox import windows

        return windows
    from tutor.sandbox import linux

    return linux
