"""One learner's session: a zygote, the worker that holds the learner's names, a spare grader."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from tutor.session.advice import advise
from tutor.session.api import Assignment, Code, SessionError, SessionSettings
from tutor.session.clean import clean
from tutor.session.connection import Connection
from tutor.session.detection import find_devices, machine_of
from tutor.session.device import choose, device_text
from tutor.session.graders import Graders
from tutor.session.grading import grade, stopped
from tutor.session.live import LiveState
from tutor.session.publishing import Publisher
from tutor.session.scripts import advise_script, of_script
from tutor.session.snapshot import Problem, Snapshot, Verdict
from tutor.session.worker import Outcome, Worker, WorkerLost
from tutor.session.zygote import Zygote
from tutor.wire.messages import (
    CellFailed,
    Displayed,
    InputRequested,
    InspectFailed,
    Observed,
    TensorDetail,
    TensorsChanged,
)


class Session:
    """Implements `SessionAPI`. Everything happens on the event loop that called `start`."""

    def __init__(self, settings: SessionSettings, *, zygote: Zygote | None = None) -> None:
        self._settings = settings
        self._zygote = zygote or Zygote()
        self._owns_zygote = zygote is None
        self._live = LiveState(time.monotonic, settings.output_bytes)
        self._publisher = Publisher(self._live)
        self._graders = Graders(self._zygote)
        self._numbers = itertools.count(1)
        self._queue: deque[tuple[Code, int]] = deque()
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._worker: Worker | None = None
        self._device = ""
        self._used = False
        """The worker has run something, so names may live in it."""
        self._with_extras = False
        self._network = "none"
        """What the lesson's worker is to reach."""
        self._reach = "none"
        """What the present worker reaches."""
        self._stop: asyncio.Future[None] | None = None
        """Ends the check that is going on."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lesson = ""
        self._closed = False
        self._script_runs = 0
        """Number of the run of a script under way, else 0."""
        self._stopping = 0
        """Number of the script's run that was asked to stop."""
        self.on_output: Callable[[bytes], None] = lambda data: None
        """Called with everything that workers print, as it comes."""

    # -------------------------------------------------------------- looking

    @property
    def snapshot(self) -> Snapshot:
        return self._publisher.snapshot

    @property
    def zygote(self) -> Zygote:
        """Where this session's processes come from."""
        return self._zygote

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        return self._publisher.subscribe(listener)

    # -------------------------------------------------------------- life

    async def start(self) -> None:
        self._phase("warming", "worker is warming up")
        try:
            if self._owns_zygote:
                await self._zygote.start(self._settings)
            self._live.found(None, self._zygote.isolation)
            found = await find_devices(self._zygote)
            device = choose(self._settings.device, found.devices)
            self._device = device_text(device)
            self._live.found(machine_of(found, device), self._zygote.isolation)
            await self._fresh_worker()
        except SessionError as error:
            self._phase("failed", str(error))
            self._publish()
            raise
        except (OSError, TimeoutError) as error:
            failure = SessionError(
                f"The worker could not be started: {str(error) or type(error).__name__}.",
                "Run `torch-tutor doctor` to see what is missing.",
            )
            self._phase("failed", str(failure))
            self._publish()
            raise failure from error
        self._task(self._run_queue())
        self._phase("ready", "worker is ready")
        self._publish()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._publisher.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._graders.close()
        if self._worker is not None:
            await self._worker.end()
        if self._owns_zygote:
            await self._zygote.close()

    def reset_for(self, lesson: str, order: Sequence[str], *, network: str = "none") -> None:
        self._live.lesson_order(order)
        another = bool(self._lesson) and self._lesson != lesson
        self._network = network
        if self._worker is not None and (another or self._reach != network):
            self._task(self.restart())
        self._lesson = lesson

    # -------------------------------------------------------------- running

    def run(self, *codes: Code) -> None:
        for code in codes:
            number = next(self._numbers)
            self._queue.append((code, number))
            self._live.queued(code.block, code.source, number)
        self._wake.set()
        self._changed()

    def interrupt(self) -> None:
        self._empty_queue()
        if self._worker is not None and self._live.running:
            if self._script_runs:
                self._stop_script(self._worker)
            else:
                self._phase("interrupting", "stopping your code")
                self._worker.interrupt()
        elif self._stop is not None and not self._stop.done():
            self._phase("interrupting", "stopping the check")
            self._stop.set_result(None)
        self._changed()

    def _stop_script(self, worker: Worker) -> None:
        """A script may take its time to put things in order; the second time it is ended."""
        if self._stopping == self._script_runs:
            self._phase("interrupting", "ending your script")
            worker.connection.end("was ended")
        else:
            self._stopping = self._script_runs
            self._phase("interrupting", "stopping your script")
            worker.interrupt(patient=True)

    async def restart(self) -> None:
        self._empty_queue()
        worker, self._worker = self._worker, None
        self._phase("restarting", "worker is restarting")
        if worker is not None:
            await worker.end()
        async with self._turn:
            if self._worker is not None or self._closed:
                return
            self._live.fresh_worker()
            try:
                await self._fresh_worker()
            except SessionError as error:
                self._phase("failed", str(error))
                raise
        self._phase("ready", "worker is ready")
        self._publish()

    async def check(self, assignment: Assignment) -> Verdict:
        async with self._turn:
            if self._worker is None:
                return _not_ready(self.snapshot)
            if assignment.fresh:
                return await self._stoppable(lambda stop: self._check_fresh(assignment, stop))
            if not await self._reaches(assignment.code):
                return _not_ready(self.snapshot)
            worker = self._worker
            outcome = await self._run_on(worker, assignment.code, next(self._numbers))
            if outcome.state != "done":
                return Verdict(False, False, problem=outcome.problem or _interrupted())
            self._phase("busy", "checking your answer")
            verdict = await self._stoppable(lambda stop: self._grade(worker, assignment, stop))
            if self._worker is worker:
                self._phase("ready", "worker is ready")
            return verdict

    async def inspect(self, path: str) -> TensorDetail | InspectFailed:
        if self._turn.locked():
            return InspectFailed(path, "The worker was busy; try again when the cell is done.")
        async with self._turn:
            if self._worker is None:
                return InspectFailed(path, "The worker was not ready.")
            try:
                return clean(await self._worker.inspect(path))
            except WorkerLost as lost:
                return InspectFailed(path, f"The worker {lost}.")
            except TimeoutError:
                return InspectFailed(path, "The worker did not answer in time.")

    async def trace(self, path: str) -> str:
        if self._turn.locked():
            return "The worker was busy; try again when the cell is done."
        async with self._turn:
            if self._worker is None:
                return "The worker was not ready."
            try:
                traced = clean(await self._worker.trace(path))
            except WorkerLost as lost:
                return f"The worker {lost}."
            except TimeoutError:
                return "The worker did not answer in time."
            if traced.graph is not None:
                self._live.traced(traced.graph)
                self._publish()
            return traced.reason

    def answer_input(self, text: str | None) -> None:
        wanted = self._live.input_wanted
        if self._worker is None or wanted is None:
            return
        with contextlib.suppress(WorkerLost):
            self._worker.answer_input(text)
        self._live.input_answered("" if text is None or wanted.secret else text)
        self._changed()

    # -------------------------------------------------------------- inside

    async def _run_queue(self) -> None:
        while True:
            await self._wake.wait()
            async with self._turn:
                if not self._queue:
                    self._wake.clear()
                    continue
                if self._worker is None:
                    self._empty_queue()
                    continue
                code, number = self._queue.popleft()
                if not await self._reaches(code):
                    continue
                outcome = await self._run_on(self._worker, code, number)
                if outcome.state != "done":
                    self._empty_queue()

    async def _run_on(self, worker: Worker, code: Code, number: int) -> Outcome:
        self._live.started(code.block, code.source, number)
        self._phase("busy", "running your code")
        self._used = True
        self._script_runs = number if code.script is not None else 0
        outcome = await worker.run(code, number)
        self._script_runs = 0
        lost = outcome.state == "lost"
        if code.script is not None:
            outcome = of_script(outcome, ended=self._stopping == number)
        if outcome.problem is not None:
            outcome = replace(outcome, problem=self._advise(outcome.problem, code))
        if self._worker is not worker:  # restarted meanwhile: this run is history
            return outcome
        if outcome.problem is not None:
            self._live.problem(code.block, outcome.problem)
        if lost:
            self._live.finished(outcome.state, outcome.seconds, outcome.exit_code)
            await self._replace_lost(worker, outcome.problem)
        else:
            self._live.finished(outcome.state, outcome.seconds, outcome.exit_code)
            self._phase("ready", "worker is ready")
        return outcome

    async def _reaches(self, code: Code) -> bool:
        """Exchange the worker when `code` needs a network that it does not have, because its
        lesson was not declared; or when it holds nothing yet, and one with more of torch loaded
        is to be had. False when no worker could be started."""
        if self._reach == "none" and _needs_loopback(code):
            self._network = "loopback"
            why = "worker is restarting with a network between its own processes"
        elif code.script is not None and self._used:
            why = "a fresh process is starting"
        elif not self._used and self._zygote.extras and not self._with_extras:
            why = "worker is restarting with all of torch loaded"
        else:
            return True
        worker, self._worker = self._worker, None
        self._phase("restarting", why)
        if worker is not None:
            await worker.end()
        if self._used:
            self._live.worker_replaced()
        try:
            await self._fresh_worker()
        except (SessionError, OSError) as error:
            self._empty_queue()
            self._phase("failed", str(error))
            return False
        return True

    def _advise(self, problem: Problem, code: Code) -> Problem:
        if code.script is not None:
            problem = advise_script(problem, code.script.cwd, self._settings)
        return advise(problem, self._zygote.memory_limit, self._zygote.file_limit)

    async def _stoppable(
        self, check: Callable[[asyncio.Future[None]], Awaitable[Verdict]]
    ) -> Verdict:
        self._stop = asyncio.get_running_loop().create_future()
        try:
            return await check(self._stop)
        finally:
            self._stop = None

    async def _check_fresh(self, assignment: Assignment, stop: asyncio.Future[None]) -> Verdict:
        codes = (*assignment.earlier, assignment.code)
        network = "loopback" if any(map(_needs_loopback, codes)) else "none"
        connection = await self._zygote.spawn("worker", device=self._device, network=network)
        worker = Worker(connection)
        printed = bytearray()
        worker.connection.on_output = printed.extend
        self._phase("busy", "replaying the earlier cells in a fresh worker")
        stop.add_done_callback(lambda _: worker.interrupt())
        try:
            for code in codes:
                printed.clear()
                outcome = await worker.run(code, next(self._numbers))
                if stop.done():
                    return Verdict(False, False, problem=stopped())
                if outcome.state != "done":
                    return Verdict(False, False, problem=outcome.problem or _interrupted())
            grader = await self._graders.take()
            text = printed.decode("utf-8", "replace")
            return await grade(worker, grader, assignment, text, stop, self._keep_grader)
        finally:
            self._graders.keep_one()
            await worker.end()
            self._phase("ready", "worker is ready")

    async def _grade(
        self, worker: Worker, assignment: Assignment, stop: asyncio.Future[None]
    ) -> Verdict:
        run = self._live.snapshot().runs.get(assignment.code.block)
        output = "\n".join(line.text for line in run.output.lines) if run else ""
        try:
            verdict = await grade(
                worker, await self._graders.take(), assignment, output, stop, self._keep_grader
            )
        finally:
            self._graders.keep_one()  # not earlier: its start would slow the verdict down
        if worker.gone.done() and self._worker is worker:
            await self._replace_lost(worker, verdict.problem)
        return verdict

    @property
    def _keep_grader(self) -> Callable[[Connection], None] | None:
        return self._graders.take_back if self._settings.keep_graders else None

    async def _fresh_worker(self) -> None:
        network = self._network
        self._used, self._with_extras = False, self._zygote.extras
        connection = await self._zygote.spawn("worker", device=self._device, network=network)
        self._reach = network
        self._worker = worker = Worker(connection, self._message, self._printed)
        worker.gone.add_done_callback(lambda _: self._idle_loss(worker))
        self._graders.keep_one()

    def _idle_loss(self, worker: Worker) -> None:
        """A worker that ends while nothing runs: a thread left behind called os._exit, say."""
        if self._closed or self._worker is not worker:
            return
        self._task(self._replace_idle(worker))

    async def _replace_idle(self, worker: Worker) -> None:
        async with self._turn:
            if self._worker is worker:
                await self._replace_lost(worker, None)

    async def _replace_lost(self, worker: Worker, problem: Problem | None) -> None:
        self._empty_queue()
        reason = problem.message if problem else f"The worker {worker.gone.result()}."
        self._live.worker_lost(reason)
        self._worker = None
        self._phase("restarting", "the worker was lost; a fresh one is starting")
        try:
            await self._fresh_worker()
        except (SessionError, OSError) as error:
            self._phase("failed", str(error))
            return
        self._live.worker_replaced()
        self._phase("ready", "a fresh worker is ready")

    def _message(self, message: Any) -> None:
        live = self._live
        match message:
            case Displayed():
                live.displayed(message)
            case CellFailed():
                live.failed(message)
            case TensorsChanged():
                live.tensors_changed(message)
            case InputRequested():
                live.input_requested(message)
            case _ if isinstance(message, Observed):
                live.observed(message)
            case _:
                return
        self._changed()

    def _printed(self, data: bytes) -> None:
        self._live.printed(data)
        self.on_output(data)
        self._changed()

    def _empty_queue(self) -> None:
        self._queue.clear()
        self._live.unqueued()
        self._changed()

    def _phase(self, phase: Any, sentence: str) -> None:
        self._live.phase(phase, sentence)
        self._changed()

    def _changed(self) -> None:
        self._publisher.changed()

    def _publish(self) -> None:
        self._publisher.publish()

    def _task(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _needs_loopback(code: Code) -> bool:
    return bool(code.ranks) or code.network == "loopback"


def _interrupted() -> Problem:
    return Problem("Interrupted", "Your code was stopped before it could be checked.")


def _not_ready(snapshot: Snapshot) -> Verdict:
    return Verdict(
        False,
        False,
        problem=Problem("Not ready", f"The check did not start: {snapshot.sentence}."),
    )
