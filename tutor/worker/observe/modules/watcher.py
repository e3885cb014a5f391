"""Global forward hooks that look at the first forward of each model and then are gone."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from tutor.plain import LINE, clip
from tutor.wire.observed.model import ModelSeen
from tutor.worker.failure import kind_of, message_of
from tutor.worker.observe.modules.calls import CallLog, next_number
from tutor.worker.observe.modules.forward import Forward

MAX_ROOTS = 6
MAX_REPEATS = 8
"""Calls of models already seen, until nothing new is expected and the hooks go."""
MAX_CALLS = 20_000
MAX_SENT = 12

_clock, _thread, _exception = time.perf_counter, threading.get_ident, sys.exc_info
_compiling: Callable[[], bool] = torch.compiler.is_compiling
_backward_task: Callable[[], int] = getattr(torch._C, "_current_graph_task_id", lambda: -1)
_tracing: Callable[[], Any] = torch._C._get_tracing_state  # type: ignore[attr-defined]
_LOSSES = torch.nn.modules.loss.__name__


@dataclass(slots=True)
class _Open:
    """A call under way; `row` is -1 where it is not taken down."""

    number: int
    row: int
    began: float


class Watcher:
    """Armed for one run. `named` finds the learner's name of a model, `seen` takes messages."""

    def __init__(
        self,
        run: int,
        named: Callable[[nn.Module], str],
        seen: Callable[[ModelSeen], None],
        log: CallLog,
    ) -> None:
        self._run = run
        self._named, self._seen, self._log = named, seen, log
        self._handles: list[Any] = []
        self._owner = _thread()
        self._roots: list[weakref.ref[nn.Module]] = []
        self._repeats = self._calls = self._sent = 0
        self._open: list[_Open] = []
        self._forward: Forward | None = None
        self.trouble = ""
        """What went wrong on our side, "" when nothing did."""

    def arm(self) -> None:
        self._handles = [
            register_module_forward_pre_hook(self._before),
            register_module_forward_hook(self._after, with_kwargs=True, always_call=True),
        ]

    def disarm(self) -> None:
        """Remove the hooks. Never inside the unwinding of an exception: torch iterates them."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._open = []
        self._forward = None

    # ------------------------------------------------------------------ hooks

    def _before(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._looks_away():
            return
        try:
            self._enter(module, arguments)
        except Exception as error:
            self._give_up(error)

    def _after(self, module: nn.Module, arguments: tuple[Any, ...], *rest: Any) -> None:
        # torch hands over (keywords, output), but the output alone when the forward raised.
        if self._looks_away():
            return
        try:
            self._leave(module, arguments, rest)
        except Exception as error:
            self._give_up(error)

    def _looks_away(self) -> bool:
        """Where a look would be out of place; a trace records even a look at a shape."""
        elsewhere = _thread() != self._owner or _backward_task() != -1
        return _compiling() or _tracing() is not None or elsewhere or bool(self.trouble)

    def _give_up(self, error: Exception) -> None:
        self.trouble = f"{kind_of(error)}: {clip(message_of(error), 200)}"
        self._open, self._forward = [], None

    # ------------------------------------------------------------------ a call

    def _enter(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        self._calls += 1
        if not self._open:
            self._forward = self._first_forward(module)
            if not self._handles:
                return
        row = -1
        forward = self._forward
        around = self._open[-1].row if self._open else -1
        if forward is not None and (around >= 0 or not self._open):
            row = forward.entered(module, arguments, len(self._open), around, next_number())
        self._open.append(_Open(id(module), row, _clock()))

    def _leave(self, module: nn.Module, arguments: tuple[Any, ...], rest: tuple[Any, ...]) -> None:
        now = _clock()
        while self._open and self._open[-1].number != id(module):
            self._open.pop()
        if not self._open:
            return
        call, forward = self._open.pop(), self._forward
        if forward is None:
            return
        if call.row >= 0:
            if len(rest) > 1 or not _unwinding():
                output = rest[-1] if rest else None
                forward.left(call.row, module, output, now - call.began, next_number())
                if len(rest) > 1 and rest[0]:
                    forward.keywords(call.row, arguments, rest[0])
            else:
                error = _exception()[1]
                assert error is not None
                forward.raised(call.row, _one_line(error))
        if not self._open:
            self._finish(forward, module)

    def _first_forward(self, module: nn.Module) -> Forward | None:
        """What to take the coming forward down in; None when it is of no interest."""
        known = any(root() is module for root in self._roots)
        self._repeats += known
        if (
            len(self._roots) >= MAX_ROOTS
            or self._repeats > MAX_REPEATS
            or self._calls > MAX_CALLS
            or self._sent >= MAX_SENT
        ):
            self.disarm()
            return None
        if known or type(module).__module__ == _LOSSES:
            return None
        self._roots.append(weakref.ref(module))
        return Forward.of(module, self._named(module))

    def _finish(self, forward: Forward, module: nn.Module) -> None:
        self._forward = None
        self._log.add(forward.calls)
        self._sent += 1
        self._seen(forward.message(self._run, len(self._roots) - 1, module))
        if forward.error:
            self._roots.pop()  # a later forward that works is worth more than this one


def _unwinding() -> bool:
    return _exception()[1] is not None


def _one_line(error: BaseException) -> str:
    first = message_of(error).strip().split("\n", 1)[0]
    return clip(f"{kind_of(error)}: {first}" if first else kind_of(error), LINE)
