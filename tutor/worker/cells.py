"""Running one cell of the learner's code to its end, whatever that end is."""

from __future__ import annotations

import ast
import linecache
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from msgspec.structs import replace

from tutor.wire.frames import BlockingChannel, ProtocolError
from tutor.wire.messages import CellFinished, RunCell, TensorsChanged
from tutor.worker import script
from tutor.worker.asking import Asking
from tutor.worker.display import Display
from tutor.worker.explain.engine import explain
from tutor.worker.failure import cell_name, failure_of, forget_frames
from tutor.worker.intact import Intact
from tutor.worker.interrupts import Interrupts
from tutor.worker.modes import Modes
from tutor.worker.observe.observer import Observers, Run
from tutor.worker.observe.sink import Sink
from tutor.worker.observe.tensors import TensorWatch
from tutor.worker.ranks.distributed import Ranks, failure_told
from tutor.worker.streams import Streams

_getpid, _exit, _clock, _parse = os.getpid, os._exit, time.perf_counter, ast.parse
_exec, _eval = exec, eval
T = TypeVar("T")


@dataclass(slots=True)
class Cells:
    """Everything a run needs. `block` is the last one that ran."""

    channel: BlockingChannel
    main: ModuleType
    display: Display
    asking: Asking
    streams: Streams
    intact: Intact
    interrupts: Interrupts
    watch: TensorWatch
    observers: Observers
    sink: Sink
    ranks: Ranks
    block: str = ""
    number: int = 0

    def run(self, request: RunCell) -> None:
        """Run the cell and report: values, a failure, the tensors, the end; in that order."""
        self.block, self.number = request.block, request.run
        self.display.begin(request.run)
        process = _getpid()
        if request.script is not None:
            script.enter(self.main, request.script, request.block)
        run = self._run(request)
        modes = Modes()
        began = _clock()
        ok = interrupted = False
        code = 1
        try:
            self._execute(run, whole=request.script is not None)
            if request.ranks:
                self._run_on_ranks(run, request.ranks)
            ok, code = True, 0
        except KeyboardInterrupt as error:
            interrupted, code = True, script.exit_code(error)
            forget_frames(error)
            modes.put_back(run.source)
        except BaseException as error:
            if request.script is not None:
                code = script.exit_code(error)
                ok = code == 0
            if _getpid() == process and not ok:
                failed = _clock()
                self.observers.failed(run, error)
                told = failure_of(error, request.run, request.block)
                told = replace(told, explanation=explain(error, run.names, run.file))
                began += _clock() - failed  # looking at it is not the cell's time
                self.channel.send(failure_told(error, request.run, told))
            forget_frames(error)
        if request.script is not None and not self._leave():
            ok, interrupted, code = False, True, 130
        seconds = _clock() - began
        self.streams.flush()
        self.streams.restore()
        if _getpid() != process:  # the learner's code forked, and this is the child
            _exit(code)
        self.observers.end(run)
        self.sink.flush()
        self.display.end()
        self._tell_tensors(request.run)
        self.channel.send(CellFinished(request.run, ok, seconds, interrupted, code))

    def _run(self, request: RunCell) -> Run:
        name = cell_name(request.block)
        return Run(
            request.run, request.block, request.source, name, vars(self.main), self.sink.emit
        )

    def _tell_tensors(self, run: int) -> None:
        table = self.watch.look(run, vars(self.main))
        try:
            self.channel.hold(table)
        except ProtocolError:  # names so long that the table does not fit in a frame
            short, left = table.rows[:50], len(table.rows[50:])
            rows = tuple(replace(row, shares=(), note="") for row in short)
            self.channel.hold(TensorsChanged(run, rows, hidden=table.hidden + left))

    def _leave(self) -> bool:
        """What Python does at the end of a program; False when it was interrupted."""
        try:
            self.learners_turn(script.leave)
        except KeyboardInterrupt:
            return False
        except BaseException as error:  # Python, too, only says so
            forget_frames(error)
        return True

    def _execute(self, run: Run, *, whole: bool = False) -> None:
        source = run.source
        linecache.cache[run.file] = (len(source), None, source.splitlines(keepends=True), run.file)
        run.names.pop("__warningregistry__", None)  # a cell that runs again warns again
        body, last = _compiled(
            self.observers.rewrite(run, _parse(source, run.file)), run.file, whole=whole
        )
        self.asking.allowed = True
        try:
            self.observers.begin(run)
            self.learners_turn(lambda: self._evaluate(body, last, run.names))
        finally:
            self.asking.allowed = False

    def _evaluate(self, body: Any, last: Any, names: dict[str, Any]) -> None:
        _exec(body, names)
        if last is not None:
            value = _eval(last, names)
            if value is not None:
                names["_"] = value
                self.display.result(value)

    def _run_on_ranks(self, run: Run, world: int) -> None:
        values = self.interruptible(lambda: self.ranks.run_main(run, world))
        if any(value is not None for value in values):
            run.names["_"] = values
            self.learners_turn(lambda: self.display.result(values))

    def interruptible(self, action: Callable[[], T]) -> T:
        """Do `action`, which is ours and waits for learner code elsewhere."""
        try:
            try:
                self.interrupts.arm()
                return action()
            finally:
                self.interrupts.disarm()
        finally:
            self.interrupts.disarm()  # again: an interrupt may have hit the first one

    def learners_turn(self, action: Callable[[], T]) -> T:
        """Do `action`, which runs learner code: interruptible, with the builtins it changed."""
        try:
            try:
                self.interrupts.arm()
                self.intact.learners()
                return action()
            finally:
                self.interrupts.disarm()
        finally:
            self.intact.ours()
            self.interrupts.disarm()  # again: an interrupt may have hit the first one


def _compiled(tree: ast.Module, name: str, *, whole: bool) -> tuple[Any, Any]:
    """Code of all statements, and, unless `whole`, of the last one apart where it is an
    expression."""
    last = None
    if not whole and tree.body and isinstance(tree.body[-1], ast.Expr):
        expression = ast.Expression(tree.body[-1].value)
        del tree.body[-1]
        last = compile(expression, name, "eval", dont_inherit=True)
    return compile(tree, name, "exec", dont_inherit=True), last
