"""The graph panel's eye: the graph of a run's backwards, else of the newest tensor with one."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Mapping
from typing import Any

import torch
from msgspec.structs import replace

from tutor import raw
from tutor.wire.observed.graph import GraphSeen
from tutor.worker.observe.graph.engine import Engine
from tutor.worker.observe.graph.lines import Lines
from tutor.worker.observe.graph.naming import Names, Scope, names_in, scopes_now
from tutor.worker.observe.graph.nodes import walk
from tutor.worker.observe.graph.picture import (
    Attribution,
    Targets,
    form_of,
    function_of,
    picture,
    seen,
)
from tutor.worker.observe.graph.words import op_word
from tutor.worker.observe.modules.calls import CallLog, next_number
from tutor.worker.observe.observer import Observer, Run
from tutor.worker.observe.walk import tensors_in

ALL_UP_TO = 8
"""Every backward of a run up to this one is looked at, later ones at each doubling."""
SECONDS = 0.05
"""What looking may cost in one run."""

_LEAF = "It is a leaf: no operation made it, so its graph is the tensor itself."
_NO_HISTORY = "It has no history: nothing that it was made from asked for gradients."
_clock, _get_frame = time.perf_counter, sys._getframe
_peek: Any = getattr(getattr(torch._C, "_functorch", None), "peek_interpreter_stack", None)
_backward_task: Any = getattr(torch._C, "_current_graph_task_id", lambda: -1)


class GraphObserver(Observer):
    """Sends a `GraphSeen` at the first backward of a run and the last one seen at its end."""

    def __init__(self, log: CallLog, preloaded: Mapping[str, Any] | None = None) -> None:
        self._log = log
        self._preloaded = preloaded or {}
        self._known = Attribution()
        self._engine = Engine(self._backward)
        self._run: Run | None = None
        self._lines = Lines(ast.Module([], []))
        self._latest: GraphSeen | None = None
        self._spent = 0.0
        self._began_at = -1
        self.trouble = ""
        """What went wrong on our side during a backward, "" when nothing did."""

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        self._lines = Lines(tree)
        return tree

    def begin(self, run: Run) -> None:
        self._run, self._latest = run, None
        self._spent, self.trouble = 0.0, ""
        self._began_at = next_number()
        self._engine.count, self._engine.next = 0, 1
        self._engine.install()

    def end(self, run: Run) -> None:
        self._engine.remove()
        self._run = None
        if self._latest is not None:
            run.emit(self._latest)
        elif not self._engine.count:
            self._without_backward(run)
        self._latest = None
        if self.trouble:
            raise RuntimeError(self.trouble)

    # ------------------------------------------------------------------ when asked

    def of_tensor(
        self, names: Mapping[str, Any], preloaded: Mapping[str, Any], path: str, run: int
    ) -> GraphSeen | str:
        """The graph behind the learner's tensor at `path`; in words, why there is none."""
        with raw.below_everything():
            for item in tensors_in(names, preloaded):
                if item.path == path:
                    return self._of(item.tensor, names, preloaded, path, run)
        return "There is no tensor of this name any more."

    def _of(
        self,
        tensor: torch.Tensor,
        names: Mapping[str, Any],
        preloaded: Mapping[str, Any],
        path: str,
        run: int,
    ) -> GraphSeen | str:
        node = raw.grad_fn_of(tensor)
        if node is None:
            leaf = raw.requires_grad_of(tensor)
            return _LEAF if leaf else _NO_HISTORY
        named = names_in([Scope(dict(names))], preloaded, self._lines)
        fields = picture(walk([node]), named, self._lines, self._log, self._known, Targets(), False)
        return seen(run, path, "none", 0, fields)

    # ------------------------------------------------------------------ a backward

    def _backward(self, outputs: Any, keywords: dict[str, Any]) -> None:
        """Look before the engine runs. Whatever happens here, the backward goes on."""
        engine = self._engine
        engine.next = engine.count + 1 if engine.count < ALL_UP_TO else engine.count * 2
        run = self._run
        inside_another = _backward_task() != -1 or (_peek is not None and _peek() is not None)
        if run is None or inside_another or self._spent > SECONDS:
            return
        began = _clock()
        try:
            with raw.below_everything():
                graph = self._look(run, outputs, keywords)
            if graph is not None:
                if engine.count == 1:
                    run.emit(graph)
                else:
                    self._latest = graph
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
            engine.next = 1 << 62
        self._spent += _clock() - began

    def _look(self, run: Run, outputs: Any, keywords: dict[str, Any]) -> GraphSeen | None:
        tensors = [output for output in outputs if raw.is_tensor(output)]
        nodes = [raw.grad_fn_of(tensor) for tensor in tensors]
        nodes = [node for node in nodes if node is not None]
        if not nodes:
            return None
        if self._engine.count > ALL_UP_TO and self._latest is not None:
            walked = walk(nodes)
            if form_of(list(map(function_of, walked.nodes)), walked.inputs) == self._known.form:
                return replace(self._latest, backward=self._engine.count)
        scopes = scopes_now(run.names, run.file, _get_frame(2))
        names = names_in(scopes, self._preloaded, self._lines)
        targets = _targets(keywords)
        how = "backward" if keywords.get("accumulate_grad") else "grad"
        return self._seen(run, tensors[0], nodes, names, targets, how)

    # ------------------------------------------------------------------ no backward

    def _without_backward(self, run: Run) -> None:
        """Of everything with a history the newest, if this run made it."""
        with raw.below_everything():
            newest: Any = None
            number = self._began_at - 1
            for item in tensors_in(run.names, self._preloaded):
                node = raw.grad_fn_of(item.tensor)
                if node is not None and (made := _number(node)) > number:
                    newest, number = item.tensor, made
            if newest is None:
                return
            names = names_in([Scope(run.names)], self._preloaded, self._lines)
            node = raw.grad_fn_of(newest)
            run.emit(self._seen(run, newest, [node], names, Targets(), "none"))

    def _seen(
        self,
        run: Run,
        root: torch.Tensor,
        nodes: list[Any],
        names: Names,
        targets: Targets,
        how: str,
    ) -> GraphSeen:
        fields = picture(
            walk(nodes),
            names,
            self._lines,
            self._log,
            self._known,
            targets,
            self._engine.hooks_used,
            torch.is_anomaly_enabled(),
        )
        title = names.of(root) or op_word(fields["nodes"][0].function or "a tensor")
        return seen(run.number, title, how, self._engine.count, fields)


def _targets(keywords: dict[str, Any]) -> Targets:
    """Where gradients go: the engine gets `inputs` as the fourth argument after the outputs."""
    arguments = keywords.get("arguments", ())
    inputs = keywords.get("inputs") or (arguments[3] if len(arguments) > 3 else ())
    if raw.is_tensor(inputs):
        inputs = (inputs,)
    if not inputs:
        return Targets()
    ids: set[int] = set()
    for tensor in inputs:
        if raw.is_tensor(tensor):
            ids.add(id(tensor))
            ids.add(id(raw.grad_fn_of(tensor)))
        else:  # a GradientEdge
            ids.add(id(getattr(tensor, "node", None)))
    ids.discard(id(None))
    return Targets(False, frozenset(ids))


def _number(node: Any) -> int:
    try:
        return int(node._sequence_nr())
    except Exception:
        return -1
