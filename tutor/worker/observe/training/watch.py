"""One run watched: when to look, and what each look sends."""

from __future__ import annotations

import _thread
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from types import FrameType
from typing import Any

import torch

from tutor import raw
from tutor.wire.observed.pulse import Pulse
from tutor.wire.observed.training import RATES, TrainingTick
from tutor.worker.observe.observer import Run
from tutor.worker.observe.training import governor
from tutor.worker.observe.training.cellmap import CellMap
from tutor.worker.observe.training.frames import learners_frame, learners_frames
from tutor.worker.observe.training.gradient_watch import GradientWatch
from tutor.worker.observe.training.hooks import COUNTS, NEVER
from tutor.worker.observe.training.losses import Losses
from tutor.worker.observe.training.names import Names
from tutor.worker.observe.training.report import LoopReport, rate_of
from tutor.worker.observe.training.trace import pause, resume, skipped

LATE = 0.05
"""Seconds after which a look that has not come is called for at the next step."""
ALONE = 0.5
"""Seconds without a step after which a backward call looks by itself."""
_DEPTH = 200

_Tensor = torch.Tensor
_TENSOR_BACKWARD = torch.Tensor.backward.__code__
_Base: Any = torch._C.TensorBase
_item, _is_cpu = _Base.item, _Base.is_cpu.__get__
_clock, _current_frames = time.perf_counter, sys._current_frames
_profiling = getattr(getattr(torch._C, "_autograd", None), "_profiler_enabled", lambda: False)
_function_modes = getattr(torch._C, "_len_torch_function_stack", lambda: 1)
_dispatch_modes = getattr(torch._C, "_len_torch_dispatch_stack", lambda: 1)


class Watch:
    """`step` and `backward` run in the midst of the learner's code: they never raise anything but
    the learner's own interrupt. `beat` runs in the heartbeat's thread and touches no tensor."""

    def __init__(self, run: Run, maps: Mapping[str, CellMap]) -> None:
        self._run = run
        self._maps = maps
        self._losses = Losses()
        self._loops = LoopReport(maps, self._losses, run.names)
        self._gradients = GradientWatch(run, Names(run.names))
        self._busy = _thread.allocate_lock()
        self._main = threading.main_thread().ident
        self._line = 0
        self._began = self._marked = _clock()
        self._due = self._gradients_due = 0.0
        self._steps = self._backwards = 0  # at the last tick
        self._cost = self._gradients_cost = 0.0
        self._urgent = False
        self._looks = 0
        self._stride = 1
        self._optimizers: dict[int, weakref.ref[Any]] = {}
        self.trouble = ""

    # -------------------------------------------------------------- in the learner's thread

    def step(self, optimizer: Any, frame: FrameType) -> None:
        """After an optimizer step whose number had been chosen for a look."""
        if not self._busy.acquire(False):
            return
        before = pause()
        try:
            with raw.below_everything():
                self._step(optimizer, frame)
        except Exception as error:
            self._give_up(error)
        finally:
            resume(before)
            self._busy.release()

    def backward(self, tensors: Any, frame: FrameType) -> None:
        """After a backward call whose loss is to be kept. A loss that is known from before goes
        the short way: one number is read and put into a list."""
        if frame.f_code is _TENSOR_BACKWARD and frame.f_back is not None:
            frame = frame.f_back
        known = self._losses.known.get((id(frame.f_code), frame.f_lasti))
        steps = COUNTS.steps
        if (
            known is None
            or type(tensors) is not _Tensor
            or not _is_cpu(tensors)
            or (steps == self._steps and _clock() >= self._alone_due(steps))
            or _profiling()
            or _function_modes()
            or _dispatch_modes()
        ):
            self._long_way(tensors, frame)
            return
        number = COUNTS.backwards
        value = _item(tensors)
        known.keep((number, value))
        if value - value != 0.0 and self._losses.bad(known.name, known.line, value, number):
            self._urgent = True
            COUNTS.next_step = 0
        if number >= governor.FULL:
            COUNTS.next_backward = number + governor.jittered(self._stride, number)

    def _long_way(self, tensors: Any, frame: FrameType) -> None:
        if not self._busy.acquire(False):
            return
        before = pause()
        try:
            with raw.below_everything():
                self._backward(tensors, frame)
        except Exception as error:
            self._give_up(error)
        finally:
            resume(before)
            self._busy.release()

    def end(self, names: Mapping[str, Any]) -> None:
        """The run is over; the hooks are out already."""
        try:
            if self._line:
                self._run.emit(Pulse(self._run.number, 0))
            if COUNTS.steps or COUNTS.backwards:
                with raw.below_everything():
                    for optimizer in self._living():
                        self._gradients.at_end(optimizer)
                    self._tick(None, (), _clock(), names)
        finally:
            self._gradients.forget()

    # -------------------------------------------------------------- in the heartbeat's thread

    def beat(self) -> None:
        """Call for a look that is late, and tell which line is executing."""
        now = _clock()
        if COUNTS.next_step != NEVER:
            if now > self._due + LATE:
                COUNTS.next_step = 0
            COUNTS.next_backward = 0  # a loss that has become slow is kept all the same
        line = self._executing()
        if line != self._line:
            self._line = line
            self._run.emit(Pulse(self._run.number, line))

    def _executing(self) -> int:
        frame = _current_frames().get(self._main) if self._main is not None else None
        for _ in range(_DEPTH):
            if frame is None:
                break
            if frame.f_code.co_filename == self._run.file:
                return max(0, frame.f_lineno or 0)
            frame = frame.f_back
        return 0

    # -------------------------------------------------------------- inside

    def _step(self, optimizer: Any, frame: FrameType) -> None:
        now = _clock()
        if not _profiling():  # what we do must not show up in the learner's profile
            frames = list(learners_frames(frame, self._maps))
            urgent, self._urgent = self._urgent, False
            due = now >= self._gradients_due
            first = self._meet(optimizer)
            if self._gradients.after_step(optimizer, frames, due, urgent):
                self._paid(now, 2)  # the copies, and the look that they are for
            if now >= self._due or urgent or first:
                self._tick(optimizer, frames, now)
        self._plan()

    def _plan(self) -> None:
        """Predict the step at which the next look is due."""
        if self._gradients.waiting:
            COUNTS.next_step = COUNTS.steps + 1
            return
        now = _clock()
        rate = self._rate(now)
        steps = governor.steps_until(min(self._due, self._gradients_due) - now, rate)
        COUNTS.next_step = COUNTS.steps + governor.jittered(steps, COUNTS.steps)

    def _backward(self, tensors: Any, frame: FrameType) -> None:
        number, now = COUNTS.backwards, _clock()
        COUNTS.next_backward = number + governor.jittered(self._stride, number)
        if _profiling():
            return
        learners = learners_frame(frame, self._maps)
        source = self._maps[learners.f_code.co_filename] if learners is not None else None
        if self._losses.take(tensors, learners, source, number):
            self._urgent = True
            COUNTS.next_step = 0
        if COUNTS.steps == self._steps and now >= self._alone_due(COUNTS.steps):
            self._alone(tensors, frame, now)

    def _alone_due(self, steps: int) -> float:
        """When a backward call looks by itself: at once without an optimizer, else late."""
        return min(self._due, self._gradients_due) + (ALONE if steps else 0.0)

    def _alone(self, tensors: Any, frame: FrameType, now: float) -> None:
        """A look without an optimizer."""
        frames = list(learners_frames(frame, self._maps))
        if now >= self._gradients_due:
            self._gradients.after_backward(tensors, frames)
            self._paid(now, 1)
        if now >= self._due:
            self._tick(None, frames, now)

    def _meet(self, optimizer: Any) -> bool:
        """True for an optimizer that this run has not shown before."""
        known = self._optimizers.get(id(optimizer))
        if known is not None and known() is optimizer:
            return False
        self._optimizers[id(optimizer)] = weakref.ref(optimizer)
        return True

    def _paid(self, began: float, times: int) -> None:
        """A look at gradients that began then is over, one of `times` alike."""
        spent = _clock() - began
        if self._looks:  # the first one is cold
            self._gradients_cost = governor.smoothed(self._gradients_cost, spent)
        if not self._gradients.waiting:
            self._looks += 1
            cost = self._gradients_cost * times
            self._gradients_due = began + governor.gradient_pause(self._looks, cost)

    def _tick(
        self,
        optimizer: Any,
        frames: Any,
        now: float,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        over = names is not None
        named = self._gradients.names.of_optimizer
        optimizers = [optimizer] if optimizer is not None else self._living() if over else []
        rates = tuple(rate_of(each, named(each, frames)) for each in optimizers[:RATES])
        loops, scalars = self._loops.of_names(names) if over else self._loops.of_frames(frames)
        self._run.emit(
            TrainingTick(
                run=self._run.number,
                block=self._run.block,
                seconds=round(now - self._began, 4),
                steps=COUNTS.steps,
                backwards=COUNTS.backwards,
                rate=round(self._rate(now), 3),
                losses=self._losses.drain(),
                rates=rates,
                loops=loops,
                scalars=scalars,
                batches=COUNTS.batches,
                wait=round(COUNTS.wait, 4),
                over=over,
            )
        )
        calls = (COUNTS.backwards - self._backwards) / max(now - self._marked, 1e-6)
        self._stride = governor.stride(COUNTS.backwards, calls)
        done = _clock()
        self._cost = governor.smoothed(self._cost, done - now)
        self._due = done + governor.interval(self._cost, 1 / governor.TICKS)
        self._marked, self._steps, self._backwards = done, COUNTS.steps, COUNTS.backwards

    def _living(self) -> list[Any]:
        found = [reference() for reference in self._optimizers.values()]
        return [optimizer for optimizer in found if optimizer is not None]

    def _rate(self, now: float) -> float:
        """Steps a second since the last tick, or backward calls where there are no steps."""
        if not (self._steps or self._backwards):
            return 0.0  # the first step also imports and allocates
        count = COUNTS.steps - self._steps if COUNTS.steps else COUNTS.backwards - self._backwards
        return count / max(now - self._marked, 1e-6)

    def _give_up(self, error: Exception) -> None:
        """Ours to mend; the learner's code goes on unwatched."""
        self.trouble = f"{type(error).__name__}: {error}"
        COUNTS.next_step = COUNTS.next_backward = NEVER
        self._gradients.forget()


for _function in (Watch.step, Watch.backward, Watch._long_way):
    skipped(_function, whole=True)
