"""Prove many lessons at once, each worker with its own session and its own scratch folder."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack, Place
from tutor.lint.proof import Proof, prove_lesson
from tutor.session.api import SessionAPI, SessionError, SessionSettings

MakeSession = Callable[[SessionSettings], SessionAPI]


@dataclass(frozen=True, slots=True)
class Task:
    """A lesson to prove, and the pack whose data it may read."""

    pack: Pack
    lesson: Lesson


async def prove_all(
    tasks: Sequence[Task],
    *,
    seeds: Sequence[int],
    workers: int,
    make_session: MakeSession,
    began: Callable[[Task], None] = lambda task: None,
    told: Callable[[Task, Proof], None] = lambda task, proof: None,
) -> list[Proof]:
    """One proof a task, in any order; `began` and `told` hear of each as it begins and ends.

    The longest lessons come first, or the last worker would prove one while the others wait.

    Raises:
        SessionError: no session could be started at all.
    """
    waiting = sorted(tasks, key=lambda task: len(task.lesson.runnables()))
    proofs: list[Proof] = []

    async def worker(number: int) -> None:
        with tempfile.TemporaryDirectory(prefix="torch-tutor-lint-") as folder:
            session = make_session(settings(Path(folder), tasks))
            try:
                await session.start()
                while waiting:
                    task = waiting.pop()
                    began(task)
                    proof = await _prove(session, task, seeds)
                    proofs.append(proof)
                    told(task, proof)
            finally:
                await session.close()

    async with _group() as group:
        for number in range(max(1, min(workers, len(tasks)))):
            group.create_task(worker(number))
    return proofs


def settings(scratch: Path, tasks: Sequence[Task]) -> SessionSettings:
    """On the processor, so that outputs are the same everywhere; lesson files stay unreadable."""
    assets = {task.pack.assets for task in tasks if task.pack.assets is not None}
    return SessionSettings(
        scratch=scratch,
        device="cpu",
        keep_graders=True,
        assets=tuple(sorted(assets)),
        hidden=tuple(sorted({task.pack.root for task in tasks})),
    )


async def _prove(session: SessionAPI, task: Task, seeds: Sequence[int]) -> Proof:
    try:
        return await prove_lesson(session, task.lesson, seeds)
    except SessionError as error:
        proof = Proof()
        proof.add(LessonError(Place(task.lesson.path, 1), f"the proof stopped: {error}"))
        with contextlib.suppress(SessionError):
            await session.restart()
        return proof


@contextlib.asynccontextmanager
async def _group():
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* SessionError as errors:
        raise errors.exceptions[0] from None
