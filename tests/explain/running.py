"""Runs a mistake as a cell would and explains it, in this process."""

from __future__ import annotations

import ast
import linecache
from typing import Any

import torch
import torch._dynamo  # what a warm worker has imported already
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tutor.wire.explanation import Explanation
from tutor.worker.explain.engine import explain
from tutor.worker.failure import forget_frames

FILE = "<cell mistake>"


def fresh_names() -> dict[str, Any]:
    """The names that every cell knows."""
    import math

    import numpy as np

    return {"torch": torch, "nn": nn, "F": F, "np": np, "math": math, "__name__": "__main__"}


def run(source: str, names: dict[str, Any], file: str = FILE) -> None:
    """Execute `source`; raises what it raises."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(ast.parse(source, file), file, "exec", dont_inherit=True), names)


def raised_by(source: str, names: dict[str, Any]) -> BaseException:
    """The exception that `source` ends with, its traceback whole."""
    try:
        run(source, names)
    except BaseException as error:
        return error
    raise AssertionError("the mistake did not raise")


def explained(source: str) -> Explanation | None:
    """The explanation of the exception that `source` ends with."""
    names = fresh_names()
    error = raised_by(source, names)
    try:
        return explain(error, names, FILE)
    finally:
        forget_frames(error)
