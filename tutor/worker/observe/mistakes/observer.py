"""The training doctor: looks at the first steps of every run, and at the names at its end."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from typing import Any

import torch
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from tutor import raw
from tutor.plain import LINE, clip
from tutor.wire.observed.mistakes import MistakeNoticed
from tutor.worker.observe.graph.engine import Engine, leave_to_python
from tutor.worker.observe.mistakes import known, names_rules
from tutor.worker.observe.mistakes.graph_rules import read_loss
from tutor.worker.observe.mistakes.known import Mistake
from tutor.worker.observe.mistakes.optimizers import STALE_STEPS, Stepped, parameters_of
from tutor.worker.observe.mistakes.source_rules import evaluated_in_training
from tutor.worker.observe.observer import Observer, Run

SILENT = "# doctor: off"
"""A cell with this comment is not looked at."""
LOOKED_AT = 8
"""Backwards looked at one by one; later ones only at powers of two."""
STEPS_LOOKED_AT = 6
FEWEST_STEPS = 3
"""Steps before a layer can be called untrained."""
ENOUGH_STEPS = 20
"""Steps before a learning rate can be called too low."""
TOO_SMALL = 1e-6
"""Movement a step, relative to the weights; float32 itself ends at 6e-8."""
RAN_AWAY = 1e4
"""Growth of the loss that is no longer noise."""

_is_compiling = torch.compiler.is_compiling
_frame, _id = sys._getframe, id


class MistakeObserver(Observer):
    """Sends `MistakeNoticed`, each kind once a run."""

    def __init__(self) -> None:
        self._engine = Engine(self._before_backward)
        self._hook: Any = None
        self._reset(None)

    def _reset(self, run: Run | None) -> None:
        self._run = run
        self._told: set[str] = set()
        self._optimizers: dict[int, Stepped] = {}
        self._versions: dict[int, int] = {}
        """Version of one parameter of each optimizer at the first backward, by optimizer id."""
        self._first = self._last = math.nan
        self._backward_line = 0
        self._steps = 0
        self._before: dict[int, names_rules.Gradients] = {}
        """Gradients of the models that were there when the run began."""
        self._steps_in_eval: dict[int, int] = {}
        """How many of the first steps found a model in evaluation mode, by model id."""
        self._roots: set[int] = set()
        """Numbers of the nodes that the first backwards began at."""

    def begin(self, run: Run) -> None:
        if SILENT in run.source:
            return
        self._reset(run)
        with raw.below_everything():
            self._before = {
                _id(model): names_rules.gradients_of(model)
                for model in names_rules.models_in(run.names).values()
            }
        self._engine.count, self._engine.next = 0, 1
        self._engine.install()
        if self._hook is None:  # once for the process: a compiled step must meet the same hooks
            leave_to_python(self._before_step)
            self._hook = register_optimizer_step_pre_hook(self._before_step)

    def end(self, run: Run) -> None:
        if self._run is None:
            return
        self._engine.remove()
        try:
            with raw.below_everything():
                self._look_at_names(run)
        finally:
            self._reset(None)

    # ------------------------------------------------------------------ while it runs

    def _before_backward(self, outputs: Any, keywords: dict[str, Any]) -> None:
        run, engine = self._run, self._engine
        engine.next = engine.count + 1 if engine.count < LOOKED_AT else engine.count * 2
        if run is None:
            return
        try:
            with raw.below_everything():
                self._look_at_loss(run, outputs)
        except Exception:
            engine.next = 1 << 62  # our own trouble is no reason to look again

    def _look_at_loss(self, run: Run, outputs: Any) -> None:
        tensors = [output for output in outputs if raw.is_tensor(output)]
        if not tensors:
            return
        loss = tensors[0]
        self._backward_line = _line_in(run.file)
        if self._engine.count == 1:
            self._remember_versions(run)
        root = raw.grad_fn_of(loss)
        if root is not None:
            self._roots.add(names_rules.number_of(loss))
        if root is not None and self._engine.count <= 2:
            for mistake, evidence in read_loss(root):
                self._tell(mistake, evidence)
        if raw.shape_of(loss) == torch.Size(()):
            self._last = raw.bare(loss).item()
            if math.isnan(self._first):
                self._first = self._last
        for stepped in self._optimizers.values():
            stepped.before_backward()

    def _remember_versions(self, run: Run) -> None:
        for value in run.names.values():
            if isinstance(value, Optimizer):
                parameters = parameters_of(value)
                if parameters:
                    self._versions[_id(value)] = raw.version_of(parameters[0])

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if _is_compiling() or self._run is None:
            return
        self._steps += 1
        if self._steps <= STEPS_LOOKED_AT:
            for model in names_rules.models_in(self._run.names).values():
                if not model.training:
                    count = self._steps_in_eval.get(_id(model), 0)
                    self._steps_in_eval[_id(model)] = count + 1
        stepped = self._optimizers.get(_id(optimizer))
        if stepped is None:
            stepped = self._optimizers[_id(optimizer)] = Stepped(optimizer)
        if stepped.steps >= STEPS_LOOKED_AT:
            return
        with raw.below_everything():
            stepped.before_step(optimizer)
        if stepped.stale_steps == STALE_STEPS:
            self._tell(
                known.STALE_GRADIENTS,
                f"before {STALE_STEPS} steps in a row nothing had cleared the old gradients",
            )
        if stepped.empty_steps == 2 and not self._engine.count:
            self._tell(known.NO_BACKWARD, "no parameter had a gradient in two steps in a row")

    # ------------------------------------------------------------------ when it is over

    def _look_at_names(self, run: Run) -> None:
        backwards = self._engine.count
        if not backwards and not self._steps:
            return
        owned = {key for stepped in self._optimizers.values() for key in stepped.parameters}
        for name, model in names_rules.models_in(run.names).items():
            mine = any(_id(parameter) in owned for parameter in model.parameters())
            if mine:
                self._tell_all(names_rules.hidden_layers(name, model))
                if self._steps_in_eval.get(_id(model), 0) == min(self._steps, STEPS_LOOKED_AT):
                    self._tell_all(names_rules.in_eval_mode(name, model))
                for stepped in self._optimizers.values():
                    if stepped.steps >= FEWEST_STEPS:
                        self._tell_all(names_rules.untrained_layers(name, model, stepped))
                self._tell_all(evaluated_in_training(run, name, model))
            elif (
                owned
                and self._steps >= 2
                and names_rules.untouched(model, self._before.get(_id(model), {}), owned)
            ):
                evidence = f"{name} received gradients, but no step changed it"
                self._tell(known.OTHER_PARAMETERS, evidence)
        self._tell_all(names_rules.kept_graphs(run.names, self._roots - {-1}))
        if backwards >= 3 and not self._steps:
            self._look_for_idle_optimizer(run, backwards)
        self._look_at_losses()
        self._look_at_movement()

    def _look_for_idle_optimizer(self, run: Run, backwards: int) -> None:
        for name, value in run.names.items():
            if not isinstance(value, Optimizer) or _id(value) not in self._versions:
                continue
            parameters = parameters_of(value)
            if raw.version_of(parameters[0]) == self._versions[_id(value)] and any(
                raw.grad_of(parameter) is not None for parameter in parameters
            ):
                evidence = f"backward ran {backwards} times, {name}.step() never"
                self._tell(known.NO_STEP, evidence)

    def _look_at_losses(self) -> None:
        first, last = self._first, self._last
        if self._steps < 3 or math.isnan(first) or first <= 0:
            return
        if math.isfinite(last) and last < first * RAN_AWAY:
            return
        rates = {rate for stepped in self._optimizers.values() for rate in stepped.rates}
        rate = f", with a learning rate of {max(rates):g}" if rates else ""
        self._tell(known.RAN_AWAY, f"it went from {first:.3g} to {last:.3g}{rate}")

    def _look_at_movement(self) -> None:
        first, last = self._first, self._last
        if not math.isfinite(first) or abs(last - first) > 1e-3 * abs(first):
            return
        for stepped in self._optimizers.values():
            steps, rate = self._steps_of(stepped), max(stepped.rates, default=0.0)
            if steps < ENOUGH_STEPS or rate <= 0:
                continue
            if (moved := stepped.movement() / steps) < TOO_SMALL:
                evidence = (
                    f"with a learning rate of {rate:g} the weights moved by {moved:.1g} of their "
                    f"size a step, and after {steps} steps the loss was the same"
                )
                self._tell(known.TOO_SLOW, evidence)

    def _steps_of(self, stepped: Stepped) -> int:
        return self._steps if len(self._optimizers) == 1 else stepped.steps

    # ------------------------------------------------------------------ telling

    def _tell_all(self, found: Iterable[tuple[Mistake, str]]) -> None:
        for mistake, evidence in found:
            self._tell(mistake, evidence)

    def _tell(self, mistake: Mistake, evidence: str) -> None:
        run = self._run
        if run is None or mistake.code in self._told:
            return
        self._told.add(mistake.code)
        run.emit(
            MistakeNoticed(
                run.number,
                mistake.code,
                mistake.title,
                clip(evidence, LINE),
                mistake.cure,
                _line_of(run.source, mistake.source) or self._backward_line,
                mistake.lesson,
            )
        )


def _line_in(file: str) -> int:
    """Line of the cell that is executing now, 0 where the cell is not on the stack."""
    frame = _frame(1)
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno or 0
        frame = frame.f_back
    return 0


def _line_of(source: str, pattern: str) -> int:
    """First line that matches `pattern`, 0 for none."""
    if pattern:
        for number, line in enumerate(source.splitlines(), 1):
            if re.search(pattern, line.partition("#")[0]):
                return number
    return 0
