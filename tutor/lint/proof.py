"""Prove one lesson on a real session: cells, starters, solutions, right and wrong answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile

from tutor.course.errors import LessonError
from tutor.course.model import Attempt, Cell, Exercise, Lesson
from tutor.lint import judging
from tutor.lint.codes import assignment_of, code_of, missing
from tutor.lint.questions import question_findings
from tutor.lint.running import run_code
from tutor.session.api import SessionAPI
from tutor.session.snapshot import Verdict


@dataclass(slots=True)
class Proof:
    """What was found in one lesson, and how much was run for it."""

    findings: list[LessonError] = field(default_factory=list)
    cells: int = 0
    attempts: int = 0

    def add(self, finding: LessonError | None) -> bool:
        """Keep a finding; True when there was one."""
        if finding is not None:
            self.findings.append(finding)
        return finding is not None


async def prove_lesson(session: SessionAPI, lesson: Lesson, seeds: Sequence[int]) -> Proof:
    """Three walks through the lesson, each in a fresh worker.

    As taught: every cell, with every exercise solved on the way. With mistakes: starters, wrong
    and right answers. In a hurry: the cells alone, as someone sees them who skips exercises.
    Then the questions that ask for it.

    Raises:
        SessionError: there is no worker.
    """
    proof = Proof()
    order = [block.id for block in lesson.runnables()]
    session.reset_for(lesson.id, order, network=lesson.network)
    whole = await _as_taught(session, lesson, seeds, proof)
    if whole:
        await _with_mistakes(session, lesson, seeds, proof)
        await _in_a_hurry(session, lesson, proof)
        proof.findings += await question_findings(session, lesson)
    return proof


async def _as_taught(
    session: SessionAPI, lesson: Lesson, seeds: Sequence[int], proof: Proof
) -> bool:
    """False when a cell crashed, so that everything below it would crash, too."""
    await session.restart()
    for block in lesson.runnables():
        if isinstance(block, Exercise):
            place = block.solution_place or block.place
            for seed in seeds:
                verdict = await _check(session, lesson, block, block.solution, seed, proof)
                if proof.add(judging.right_finding(block, verdict, place, "the solution", seed)):
                    break
        elif lacking := missing(block):
            names = ", ".join(lacking)
            text = f"`{block.id}` was not run: {names} is not installed here"
            proof.add(LessonError(block.place, text, "note"))
        else:
            run = await run_code(session, code_of(block))
            proof.cells += 1
            if proof.add(judging.crash(block, run)):
                return False
            proof.add(judging.wrong_output(block, run))
    return True


async def _with_mistakes(
    session: SessionAPI, lesson: Lesson, seeds: Sequence[int], proof: Proof
) -> None:
    done: list[Cell | Exercise] = []
    await session.restart()
    for block in lesson.runnables():
        if isinstance(block, Cell):
            if not missing(block):
                await run_code(session, code_of(block))
        else:
            await _try_everything(session, lesson, block, seeds, proof, done)
            await run_code(session, code_of(block, block.solution))
        done.append(block)


async def _try_everything(
    session: SessionAPI,
    lesson: Lesson,
    exercise: Exercise,
    seeds: Sequence[int],
    proof: Proof,
    done: Sequence[Cell | Exercise],
) -> None:
    """The starter, then wrong answers, then right ones: the order in which people try."""
    starter = Attempt(exercise.starter, exercise.place)
    for attempt in (starter, *exercise.wrong, *exercise.right):
        for seed in seeds:
            verdict = await _check(session, lesson, exercise, attempt.source, seed, proof)
            if attempt is starter:
                finding = judging.starter_finding(exercise, verdict)
            elif attempt in exercise.wrong:
                finding = judging.wrong_finding(exercise, attempt, verdict, seed)
            else:
                finding = judging.right_finding(
                    exercise, verdict, attempt.place, "this right answer", seed
                )
            if verdict.problem is not None:  # the worker may be a new one, without any names
                await _redo(session, done)
            if proof.add(finding) or verdict.problem is not None or not verdict.ran:
                break


async def _in_a_hurry(session: SessionAPI, lesson: Lesson, proof: Proof) -> None:
    """Cells alone; differs from the walk as taught only where an exercise stands above a cell."""
    blocks = lesson.runnables()
    after_exercise = dropwhile(lambda block: isinstance(block, Cell), blocks)
    if not any(isinstance(block, Cell) for block in after_exercise):
        return
    await session.restart()
    for block in blocks:
        if not isinstance(block, Cell) or missing(block):
            continue
        run = await run_code(session, code_of(block))
        proof.cells += 1
        crashed = judging.crash(block, run)
        finding = crashed or judging.wrong_output(block, run)
        if finding is not None and finding.level == "error":
            text = f"for someone who skipped the exercises above: {finding.text}"
            proof.add(replace(finding, text=text, level="warning"))
        if crashed:
            return


async def _redo(session: SessionAPI, blocks: Iterable[Cell | Exercise]) -> None:
    await session.restart()
    for block in blocks:
        if isinstance(block, Exercise):
            await run_code(session, code_of(block, block.solution))
        elif not missing(block):
            await run_code(session, code_of(block))


async def _check(
    session: SessionAPI,
    lesson: Lesson,
    exercise: Exercise,
    source: str,
    seed: int,
    proof: Proof,
) -> Verdict:
    proof.attempts += 1
    return await session.check(assignment_of(lesson, exercise, source, seed))
