"""The learner's namespace: a real `__main__` module with the course's names in it."""

from __future__ import annotations

import builtins
import math
import random
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional
from torch import nn

LINE_WIDTH = 70
"""Columns that the repr of a tensor or array may take."""


def course_names() -> dict[str, Any]:
    """What every cell and every piece of author's code may use without an import."""
    return {
        "torch": torch,
        "nn": nn,
        "F": torch.nn.functional,
        "np": np,
        "math": math,
    }


def fresh_main(
    device: torch.device, show: Callable[[Any], None], assets: str = ""
) -> types.ModuleType:
    """A new `__main__`, installed in `sys.modules` so that the learner's classes pickle.

    assets: folder of the course's data, which cells know as the path `assets`.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update(
        course_names(), device=device, show=show, __builtins__=builtins, __name__="__main__"
    )
    if assets:
        module.__dict__["assets"] = Path(assets)
    module.__dict__.pop("__doc__", None)
    sys.modules["__main__"] = module
    return module


def settle(threads: int) -> None:
    """Threads, print width, and random states of this process's own.

    Every worker is a fork of one warm process; without new seeds all would draw alike.
    """
    if threads > 0:
        torch.set_num_threads(threads)
    torch.set_printoptions(linewidth=LINE_WIDTH)
    np.set_printoptions(linewidth=LINE_WIDTH)
    torch.seed()
    np.random.seed()
    random.seed()
