"""One learner process, seen from the app: run a cell, answer a question, open a tensor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tutor.session.api import Code
from tutor.session.connection import Connection
from tutor.session.live import problem_of
from tutor.session.snapshot import Problem
from tutor.text import seconds_text
from tutor.wire.messages import (
    Answer,
    AnswerInput,
    CellFailed,
    CellFinished,
    InputRequested,
    Inspect,
    InspectFailed,
    Question,
    RunCell,
    StillImporting,
    TensorDetail,
    Trace,
    Traced,
)

GRACE = 2.0
"""Seconds between an interrupt and the kill of code that ignores it."""
IMPORT_GRACE = 15.0
"""The same where the interrupt waits for the end of an import, as the worker says."""
INSPECT_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    state: Literal["done", "error", "interrupted", "lost"]
    seconds: float = 0.0
    problem: Problem | None = None
    exit_code: int = 0
    """Of a script, as a shell would tell it."""


class WorkerLost(Exception):
    """The process ended while it was needed; str() says why."""


class Worker:
    """Wraps a connection. `listener` sees every message, `printed` every byte of output."""

    def __init__(
        self,
        connection: Connection,
        listener: Callable[[Any], None] = lambda message: None,
        printed: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.connection = connection
        self.gone: asyncio.Future[str] = loop.create_future()
        self._listener = listener
        self._finished: asyncio.Future[CellFinished] | None = None
        self._failed: CellFailed | None = None
        self._run = 0
        self._reply: asyncio.Future[tuple[Any, bytes]] | None = None
        self._awaited: tuple[type, ...] = ()
        self._timers: list[asyncio.TimerHandle] = []
        self._deadline: asyncio.TimerHandle | None = None
        self._limit: float = 0.0
        self._timed_out = False
        self._force: asyncio.TimerHandle | None = None
        """Ends the worker when an interrupt does not help."""
        self._patience = GRACE
        self._killed_after_grace = False
        connection.on_message = self._message
        connection.on_output = printed
        connection.on_closed = self._closed
        if not connection.alive:
            self._closed(connection.reason)

    # -------------------------------------------------------------- requests

    async def run(self, code: Code, number: int) -> Outcome:
        """Run one cell to its end, however it ends; never raises for what the code does."""
        loop = asyncio.get_running_loop()
        self._finished = loop.create_future()
        self._failed, self._run = None, number
        self._timed_out = self._killed_after_grace = False
        self._limit = code.timeout
        began = loop.time()
        self._watch_the_clock(code.timeout)
        try:
            self._send(RunCell(number, code.block, code.source, code.ranks, code.script))
            finished = await self._or_gone(self._finished)
        except WorkerLost as lost:
            status = self.connection.exit_code or 0
            problem = self._why_lost(str(lost))
            code_shown = status if status >= 0 else 128 - status
            return Outcome("lost", loop.time() - began, problem, code_shown)
        finally:
            self._finished = None
            self._stop_timers()
        self.connection.drain_output()
        if self._timed_out:
            return Outcome("interrupted", finished.seconds, _time_limit(self._limit))
        if finished.interrupted:
            return Outcome("interrupted", finished.seconds, None, finished.exit_code)
        if finished.ok:
            return Outcome("done", finished.seconds)
        problem = problem_of(self._failed) if self._failed else Problem("Error", "The run failed.")
        return Outcome("error", finished.seconds, problem, finished.exit_code)

    async def ask(self, question: Question, body: bytes) -> tuple[Answer, bytes]:
        """Raises WorkerLost."""
        return await self._request(question, body, (Answer,))

    async def inspect(self, path: str) -> TensorDetail | InspectFailed:
        """Raises WorkerLost, TimeoutError after `INSPECT_TIMEOUT` seconds."""
        request = self._request(Inspect(path), b"", (TensorDetail, InspectFailed))
        message, _ = await asyncio.wait_for(request, INSPECT_TIMEOUT)
        return message

    async def trace(self, path: str) -> Traced:
        """Raises WorkerLost, TimeoutError after `INSPECT_TIMEOUT` seconds."""
        request = self._request(Trace(path), b"", (Traced,))
        message, _ = await asyncio.wait_for(request, INSPECT_TIMEOUT)
        return message

    def answer_input(self, text: str | None) -> None:
        self._send(AnswerInput(text))
        if self._finished is not None and self._deadline is None:
            self._watch_the_clock(self._limit)

    def interrupt(self, *, patient: bool = False) -> None:
        """SIGINT to the process group now, the kill of the whole tree after the grace; `patient`:
        without it."""
        if self.gone.done() or self._killed_after_grace:
            return
        self.connection.interrupt()
        if patient:
            return
        self._end_by_force_in(GRACE)

    async def stop(self, reply: asyncio.Future[Any]) -> None:
        """Interrupt the question whose answer `reply` will be; returns when the code has stopped,
        one way or the other."""
        self.interrupt()
        await asyncio.wait({reply})
        self._stop_timers()
        if not reply.cancelled():
            reply.exception()  # nobody else will look

    async def end(self) -> None:
        """Kill the process and everything it started."""
        self._stop_timers()
        await self.connection.kill()

    # -------------------------------------------------------------- events

    def _message(self, message: Any, body: bytes) -> None:
        if isinstance(message, CellFailed) and message.run == self._run:
            self._failed = message
        elif isinstance(message, InputRequested) and self._deadline is not None:
            self._deadline.cancel()  # waiting for a person is not running
            self._deadline = None
        elif isinstance(message, StillImporting) and self._force is not None:
            self._force.cancel()  # it says so once an interrupt, so it cannot go on for ever
            self._end_by_force_in(IMPORT_GRACE)
            self._force = None
        # What was printed before a message belongs before it on the screen, too.
        if isinstance(message, CellFinished):
            self.connection.drain_output()
        self._listener(message)
        if isinstance(message, CellFinished) and message.run == self._run:
            if self._finished is not None and not self._finished.done():
                self._finished.set_result(message)
        elif (
            isinstance(message, self._awaited)
            and self._reply is not None
            and not self._reply.done()
        ):
            self._reply.set_result((message, body))

    def _closed(self, reason: str) -> None:
        if not self.gone.done():
            self.gone.set_result(reason)

    # -------------------------------------------------------------- inside

    async def _request(self, message: Any, body: bytes, kinds: tuple[type, ...]) -> Any:
        self._reply = asyncio.get_running_loop().create_future()
        self._awaited = kinds
        try:
            self._send(message, body)
            return await self._or_gone(self._reply)
        finally:
            self._reply, self._awaited = None, ()

    async def _or_gone(self, future: asyncio.Future[Any]) -> Any:
        await asyncio.wait({future, self.gone}, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return future.result()
        raise WorkerLost(self.gone.result())

    def _send(self, message: Any, body: bytes = b"") -> None:
        if self.gone.done():
            raise WorkerLost(self.gone.result())
        self.connection.send(message, body)

    def _watch_the_clock(self, seconds: float) -> None:
        if seconds > 0:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._time_is_up)
            self._timers.append(self._deadline)

    def _time_is_up(self) -> None:
        self._timed_out = True
        self.interrupt()

    def _end_by_force_in(self, seconds: float) -> None:
        self._patience = seconds
        self._force = asyncio.get_running_loop().call_later(seconds, self._end_by_force)
        self._timers.append(self._force)

    def _end_by_force(self) -> None:
        self._killed_after_grace = True
        self._ending = asyncio.ensure_future(self.connection.kill())

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._deadline = self._force = None

    def _why_lost(self, reason: str) -> Problem:
        if self._killed_after_grace:
            what = _time_limit(self._limit).message + " " if self._timed_out else ""
            return Problem(
                "Stopped by force",
                f"{what}The code did not react to the interrupt within {self._patience:.0f} s, "
                "so the worker was ended.",
                advice="Names from earlier cells are gone; run all above to get them back.",
            )
        return Problem(
            "Worker lost",
            f"The worker {reason}.",
            advice="A fresh worker is ready; run all above to get your names back.",
        )


def _time_limit(seconds: float) -> Problem:
    return Problem(
        "Time limit",
        f"This ran for {seconds_text(seconds)}, the time limit, and was stopped.",
        advice="Look for a loop that never ends, or make the work smaller.",
    )
