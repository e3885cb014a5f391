"""One forward of one model, taken down call by call, and the message made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from tutor import raw
from tutor.plain import LINE, NAME, clip
from tutor.wire.observed.model import LayerRow, ModelSeen
from tutor.worker.failure import class_name
from tutor.worker.observe.modules.calls import Call
from tutor.worker.observe.modules.shapes import describe, describe_arguments, tensors_within
from tutor.worker.observe.modules.tree import (
    NO_SIZE,
    Size,
    children_of,
    is_training,
    modules_in,
    size_of,
)

MAX_ROWS = 400
ROWS_A_MODULE = 4
"""Calls of one module that get a row of their own."""
_FUSED = (nn.TransformerEncoderLayer, nn.TransformerEncoder)
_PRIVATE = (nn.MultiheadAttention,)
"""Modules that read the parameters of their children without calling them."""
_HOLDERS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


@dataclass(slots=True)
class Row:
    """One call, while it is under way and afterwards."""

    path: str
    kind: str
    depth: int
    call: int
    number: int
    """id of the module; it lives as long as the forward does."""
    inputs: str
    training: bool
    size: Size = NO_SIZE
    outputs: str = ""
    state: str = "open"
    seconds: float = 0.0
    more: int = 0
    on_cpu: bool = True


@dataclass(slots=True)
class Forward:
    """The rows of a model's forward. Keeps no module and no tensor."""

    name: str
    paths: dict[int, str]
    rows: list[Row] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    hidden: int = 0
    error: str = ""
    failing: int = -1
    _counts: dict[int, int] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: nn.Module, name: str) -> Forward:
        return cls(name, {id(module): path for path, module in modules_in(root)})

    def entered(
        self, module: nn.Module, arguments: tuple[Any, ...], depth: int, parent: int, first: int
    ) -> int:
        """Take down a call; its row, or -1 where it gets none."""
        number = id(module)
        self.failing = -1
        count = self._counts[number] = self._counts.get(number, 0) + 1
        if count > ROWS_A_MODULE or len(self.rows) >= MAX_ROWS:
            if number in self._last:
                self.rows[self._last[number]].more += 1
            else:
                self.hidden += 1
            return -1
        row = Row(
            self.paths.get(number, "?"),
            class_name(type(module)),
            depth,
            count,
            number,
            describe_arguments(arguments, {}),
            is_training(module),
        )
        self.rows.append(row)
        self._last[number] = len(self.rows) - 1
        label = f"{self.name}.{row.path}" if row.path and self.name else row.path or self.name
        self.calls.append(Call(label, row.kind, count, parent, first))
        return len(self.rows) - 1

    def left(self, index: int, module: nn.Module, output: Any, seconds: float, last: int) -> None:
        """The call came back with `output`."""
        row = self.rows[index]
        row.kind = self.calls[index].kind = class_name(type(module))  # lazy ones become real
        row.outputs, row.state, row.seconds = describe(output), "ok", seconds
        row.on_cpu = all(raw.device_of(tensor).type == "cpu" for tensor in tensors_within(output))
        self.calls[index].last = last
        self.failing = -1

    def keywords(self, index: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Inputs once more, when those given by name are known too."""
        self.rows[index].inputs = describe_arguments(arguments, keywords)

    def raised(self, index: int, error: str) -> None:
        """The call raised: the innermost one failed, those around it stay open."""
        if self.failing < 0:
            self.failing = index
            self.rows[index].state = "failed"
            self.error = error

    def message(self, run: int, index: int, root: nn.Module) -> ModelSeen:
        """All of it, for the wire; `root` is read once more for sizes and what was not called."""
        modules = {id(module): module for _, module in modules_in(root)}
        sizes: dict[int, Size] = {}
        for row in self.rows:
            module = modules.get(row.number)
            if module is not None:
                if row.number not in sizes:
                    sizes[row.number] = size_of(module)
                row.size = sizes[row.number]
        top = self.rows[0]
        total = top.seconds
        timed = total > 0 and all(row.on_cpu for row in self.rows)
        failed = top.state != "ok"
        rows = self._with_the_uncalled(root, modules, failed)
        return ModelSeen(
            run=run,
            index=index,
            name=clip(self.name, LINE),
            kind=clip(top.kind, NAME),
            rows=tuple(_layer(row, total if timed else 0.0) for row in rows[:MAX_ROWS]),
            parameters=top.size.parameters,
            trainable=top.size.trainable,
            training=top.training,
            seconds=total,
            error=self.error if failed else "",
            hidden=self.hidden + len(rows[MAX_ROWS:]),
        )

    def _with_the_uncalled(
        self, root: nn.Module, modules: dict[int, nn.Module], failed: bool
    ) -> list[Row]:
        """The rows, and at the end of each called module those of its modules that were not."""
        called = set(self._counts)
        extra: dict[int, list[Row]] = {}
        for index, row in enumerate(self.rows):
            module = modules.get(row.number)
            if module is None or row.call > 1 or isinstance(module, _PRIVATE):
                continue
            uncalled = _uncalled(module, called)
            if not uncalled:
                continue
            if isinstance(module, _FUSED) and row.state == "ok":
                row.state = "fused"
                continue
            state = "waiting" if failed else "unused"
            end = self._end_of(index)
            extra[end] = [
                Row(
                    f"{row.path}.{path}" if row.path else path,
                    class_name(type(child)),
                    row.depth + 1,
                    1,
                    id(child),
                    "",
                    is_training(child),
                    size_of(child),
                    state=state,
                )
                for path, child in uncalled
            ] + extra.get(end, [])
        rows: list[Row] = []
        for index, row in enumerate(self.rows):
            rows.append(row)
            rows += sorted(extra.get(index, []), key=lambda row: -row.depth)
        return rows

    def _end_of(self, index: int) -> int:
        """The last row inside the call of row `index`."""
        depth = self.rows[index].depth
        end = index
        while end + 1 < len(self.rows) and self.rows[end + 1].depth > depth:
            end += 1
        return end


def _uncalled(module: nn.Module, called: set[int]) -> list[tuple[str, nn.Module]]:
    """The outermost modules below `module` that were not called, holders looked through."""
    found: list[tuple[str, nn.Module]] = []
    left = [(name, child) for name, child in reversed(children_of(module))]
    while left:
        path, child = left.pop()
        if id(child) in called:
            continue
        inside = [(f"{path}.{name}", below) for name, below in children_of(child)]
        is_holder = isinstance(child, _HOLDERS)
        if is_holder or any(id(below) in called for _, below in modules_in(child)):
            left += reversed(inside)
        else:
            found.append((path, child))
    return found


def _layer(row: Row, total: float) -> LayerRow:
    share = row.seconds / total if total and row.state in ("ok", "fused") else -1.0
    return LayerRow(
        path=clip(row.path, LINE),
        kind=clip(row.kind, NAME),
        depth=row.depth,
        call=row.call,
        more=row.more,
        inputs=row.inputs,
        outputs=row.outputs,
        parameters=row.size.parameters,
        trainable=row.size.trainable,
        share=min(share, 1.0),
        training=row.training,
        state=row.state,  # type: ignore[arg-type]
    )
