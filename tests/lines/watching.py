"""Runs a cell in this process, with probes or without, as a worker would."""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from tutor.wire.observed.lines import LinesSeen, LineValue
from tutor.worker.observe.lines.watch import LineWatch
from tutor.worker.observe.observer import Run


@dataclass
class Bench:
    """A namespace and what is watched in it; `probes=False` runs the same code bare."""

    probes: bool = True
    names: dict[str, Any] = field(default_factory=lambda: {"torch": torch, "nn": nn})
    sent: list[Any] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.watch = LineWatch()
        self.names["__name__"] = "__main__"

    def run(self, source: str, block: str = "a") -> Bench:
        """Raises what the cell raises."""
        self.runs += 1
        file = f"<cell {block}>"
        run = Run(self.runs, block, source, file, self.names, self.sent.append)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        tree = ast.parse(source, file)
        if not self.probes:
            exec(compile(tree, file, "exec", dont_inherit=True), self.names)
            return self
        code = compile(self.watch.rewrite(run, tree), file, "exec", dont_inherit=True)
        self.watch.begin(run)
        try:
            exec(code, self.names)
        finally:
            self.watch.end(run)
        return self

    def values(self, block: str = "a") -> dict[tuple[int, str], LineValue]:
        """By line and name, what was told last of `block`."""
        for message in reversed(self.sent):
            for cell in message.cells if isinstance(message, LinesSeen) else ():
                if cell.block == block:
                    return {(value.line, value.name): value for value in cell.values}
        return {}

    def shapes(self, block: str = "a") -> dict[tuple[int, str], tuple[Any, ...]]:
        return {key: value.shapes for key, value in self.values(block).items()}


def sizes(*shape: int | tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """`sizes(3, (1, 4))` → `((3, 3), (1, 4))`."""
    return tuple(size if isinstance(size, tuple) else (size, size) for size in shape)
