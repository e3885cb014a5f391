"""What is imported before the first fork, and what a successor imports besides."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
from collections.abc import Iterable

EXTRAS = ("torch._dynamo", "torch.distributed", "torch.nn.parallel.distributed", "torch.profiler")
"""Slow to import and not needed by most cells: the first optimizer would pay 0.8 s."""


def import_torch(entries: Iterable[str]) -> str:
    """Import torch and the modules that children run; returns torch's version.

    Only tiny tensors are touched: a parallel region here would hang every child.
    """
    import numpy
    import torch

    for module in entries:
        if importlib.util.find_spec(module) is not None:
            importlib.import_module(module)
    with torch.no_grad():
        repr(torch.ones(2).sum())
    torch.seed()  # loads what each child would load again when it takes a seed of its own
    numpy.random.seed()
    return str(torch.__version__)


def import_extras() -> None:
    """The second step. A module that this build of torch lacks is left out."""
    for module in EXTRAS:
        try:
            importlib.import_module(module)
        except ImportError:
            continue


def settle() -> None:
    """Move everything alive out of the collector's sight, so that children share the pages."""
    gc.collect()
    gc.freeze()


def threads() -> int:
    """Threads of this process; more than one makes fork unsafe."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        import threading

        return threading.active_count()
