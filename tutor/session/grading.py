"""Relay between the grader and the learner's worker: the grader asks, the worker answers with data.

The verdict is accepted only from the grader's own channel and only with the nonce it was given.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from tutor.session.api import Assignment
from tutor.session.clean import clean
from tutor.session.connection import Connection
from tutor.session.snapshot import Problem, Verdict
from tutor.session.worker import Worker, WorkerLost
from tutor.text import sanitize, seconds_text
from tutor.wire.messages import Answer, AnswerRelayed, Ask, Judge, Judged, Question

T = TypeVar("T")


async def grade(
    worker: Worker,
    grader: Connection,
    task: Assignment,
    output: str,
    stop: asyncio.Future[None],
    keep: Callable[[Connection], None] | None = None,
) -> Verdict:
    """The grader's verdict on what `worker` now holds.

    Ends the grader, unless it said its verdict and `keep` takes it for another attempt.
    stop: once it is done, the learner's code is interrupted and the check ends without a verdict.
    """
    loop = asyncio.get_running_loop()
    inbox: asyncio.Queue[tuple[Any, bytes] | str] = asyncio.Queue()
    grader.on_message = lambda message, body: inbox.put_nowait((message, body))
    grader.on_closed = inbox.put_nowait
    nonce = secrets.token_hex(16)
    deadline = loop.time() + task.timeout
    asked: Question | None = None
    kept = False
    try:
        judge = Judge(
            nonce, task.code.block, task.checks, task.code.source, output[-200_000:], task.seed
        )
        if not grader.alive:
            return _broken("the grader ended before it could judge")
        grader.send(judge)
        while True:
            item = await _in_time(inbox.get(), deadline, stop)
            if isinstance(item, str):
                return _broken(f"the grader {item}")
            message, body = item
            if isinstance(message, Ask):
                asked = message.question
                reply = asyncio.ensure_future(worker.ask(asked, body))
                try:
                    answer, data = await _in_time(asyncio.shield(reply), deadline, stop)
                except (TimeoutError, _Stopped):
                    await worker.stop(reply)
                    raise
                finally:
                    reply.cancel()
                if answer.question != asked.question:
                    await worker.connection.kill()
                    return Verdict(False, True, problem=_misbehaved())
                grader.send(_relayed(answer), data)
                asked = None
            elif isinstance(message, Judged) and hmac.compare_digest(message.nonce, nonce):
                if keep is not None:
                    keep(grader)
                    kept = True
                return _verdict(message)
    except TimeoutError:
        if asked is not None:
            return Verdict(False, True, problem=_too_slow(asked, task.timeout))
        return _broken(f"the check did not end within {seconds_text(task.timeout)}")
    except _Stopped:
        return Verdict(False, True, problem=stopped())
    except WorkerLost as lost:
        return Verdict(
            False,
            True,
            problem=Problem(
                "Worker lost",
                f"While your code was being checked, the worker {lost}.",
                advice="Look for code that ends the process, such as exit() or os._exit().",
            ),
        )
    finally:
        if not kept:
            grader.end("was dismissed")  # the learner need not wait for its end


class _Stopped(Exception):
    """The learner does not want to wait for the verdict."""


async def _in_time(awaited: Awaitable[T], deadline: float, stop: asyncio.Future[None]) -> T:
    """Raises TimeoutError, _Stopped, or what `awaited` raises."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait(
            {task, stop}, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED
        )
        if stop.done():
            raise _Stopped
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()


def _relayed(answer: Answer) -> AnswerRelayed:
    return AnswerRelayed(**msgspec.structs.asdict(answer))


def _verdict(judged: Judged) -> Verdict:
    return Verdict(
        passed=judged.passed and not judged.broken,
        ran=True,
        check=judged.check,
        checks=judged.checks,
        title=sanitize(judged.title),
        failure=clean(judged.failure),
        broken=sanitize(judged.broken),
        seconds=judged.seconds,
    )


def _broken(reason: str) -> Verdict:
    return Verdict(False, True, broken=sanitize(reason))


def stopped() -> Problem:
    """The learner stopped the check."""
    return Problem(
        "Interrupted",
        "Your code was stopped while it was being checked.",
        advice="Nothing was judged. Check it again whenever you like.",
    )


def _misbehaved() -> Problem:
    return Problem(
        "Worker lost",
        "While your code was being checked, an answer came that nobody had asked for, "
        "so the worker was ended.",
        advice="Look for code that writes to open files or sockets by their numbers.",
    )


def _too_slow(question: Question, seconds: float) -> Problem:
    name = f"`{sanitize(question.target)}`" if question.target else "Your code"
    return Problem(
        "Time limit",
        f"{name} did not return within {seconds_text(seconds)} while it was being checked.",
        advice="Look for a loop that never ends for some inputs.",
    )
