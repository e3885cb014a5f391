"""The sandbox of Linux: bubblewrap or our own namespaces outside, Landlock and seccomp inside."""

from __future__ import annotations

import shutil

from tutor.sandbox import bubblewrap, namespaces
from tutor.sandbox.detect import detect
from tutor.sandbox.isolation import Layers, View

__all__ = ["detect", "wrap"]


def wrap(command: list[str], layers: Layers, view: View) -> list[str]:
    """`command` inside the outer layer, where there is one."""
    if layers.outer == "bubblewrap":
        return bubblewrap.wrap(command, view, shutil.which("bwrap") or "bwrap")
    if layers.outer == "namespaces":
        return namespaces.wrap(command, view)
    return command
