"""Prove one lesson on a real session: cells, starters, solutions, right and wrong answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import dropwhile

from tutor.course.errors import LessonError
from tutor.course.model import Attempt, Cell, Exercise, Lesson
from tutor.course.optional import lacking
from tutor.lint import judging
from tutor.lint.bench import Bench, Proof
from tutor.lint.mutants import MOST
from tutor.lint.questions import question_findings
from tutor.lint.survival import try_mutants
from tutor.session.api import SessionAPI
from tutor.session.snapshot import Verdict

__all__ = ["Proof", "prove_lesson"]

FEW = 3
"""Seeds for answers that are wrong for any input."""
SOME = 5
"""Seeds for solutions, at least."""
SLOW = 0.5
"""Seconds an attempt; slower ones are tried less often, or a lesson would take minutes."""


async def prove_lesson(
    session: SessionAPI, lesson: Lesson, seeds: Sequence[int], mutants: int = MOST
) -> Proof:
    """Three walks through the lesson, each in a fresh worker.

    As taught: every cell, with every exercise solved on the way. With mistakes: starters, wrong
    and right answers, and mutants of the solution. In a hurry: the cells alone, as someone sees
    them who skips exercises. Then the questions that ask for it.

    Solutions and other right answers are tried with every seed unless that takes long, and what
    is to fail with the first few; at most `mutants` of each solution with one.

    Raises:
        SessionError: there is no worker.
    """
    proof = Proof()
    bench = Bench(session, lesson, proof)
    order = [block.id for block in lesson.runnables()]
    session.reset_for(lesson.id, order, network=lesson.network)
    whole = await _as_taught(bench, seeds)
    if whole:
        await _with_mistakes(bench, seeds, mutants)
        await _in_a_hurry(bench)
        proof.findings += await question_findings(session, lesson)
    return proof


async def _as_taught(bench: Bench, seeds: Sequence[int]) -> bool:
    """False when a cell crashed, so that everything below it would crash, too."""
    proof = bench.proof
    await bench.clear()
    for block in bench.lesson.runnables():
        if isinstance(block, Exercise):
            solution = Attempt(block.solution, block.solution_place or block.place)
            verdict = await _try_right(bench, block, solution, seeds, "the solution", SOME)
            proof.add(judging.slow_check(block, verdict) if verdict else None)
            bench.above.append(block)
        elif lacks := lacking(block):
            names = ", ".join(lacks)
            text = f"`{block.id}` was not run: {names} is not installed here"
            proof.add(LessonError(block.place, text, "note"))
        else:
            run = await bench.run(block)
            assert run is not None
            proof.cells += 1
            if proof.add(judging.crash(block, run)):
                return False
            proof.add(judging.wrong_output(block, run))
            proof.add(judging.slow_cell(block, run))
    return True


async def _with_mistakes(bench: Bench, seeds: Sequence[int], mutants: int) -> None:
    """Starter, wrong answers, right ones: the order in which people try. Then mutants."""
    await bench.clear()
    for block in bench.lesson.runnables():
        if isinstance(block, Exercise):
            await _try_wrong(bench, block, Attempt(block.starter, block.place), seeds, starter=True)
            for attempt in block.wrong:
                await _try_wrong(bench, block, attempt, seeds)
            for attempt in block.right:
                await _try_right(bench, block, attempt, seeds, "this right answer")
            await try_mutants(bench, block, seeds[0], mutants)
        await bench.run(block)


async def _try_right(
    bench: Bench,
    exercise: Exercise,
    attempt: Attempt,
    seeds: Sequence[int],
    what: str,
    least: int = FEW,
) -> Verdict | None:
    """The last verdict. `least`: seeds that are tried however long it takes."""
    verdict = None
    began = time.monotonic()
    for number, seed in enumerate(seeds):
        if number >= least and time.monotonic() - began > number * SLOW:
            break
        bench.proof.attempts += 1
        verdict = await bench.check(exercise, attempt.source, seed)
        finding = judging.right_finding(exercise, verdict, attempt.place, what, seed)
        if bench.proof.add(finding):
            break
    return verdict


async def _try_wrong(
    bench: Bench,
    exercise: Exercise,
    attempt: Attempt,
    seeds: Sequence[int],
    *,
    starter: bool = False,
) -> None:
    began = time.monotonic()
    for number, seed in enumerate(seeds[:FEW]):
        if number and time.monotonic() - began > number * SLOW:
            break
        bench.proof.attempts += 1
        verdict = await bench.check(exercise, attempt.source, seed)
        if starter:
            finding = judging.starter_finding(exercise, verdict)
        else:
            finding = judging.wrong_finding(exercise, attempt, verdict, seed)
        if bench.proof.add(finding) or verdict.problem is not None or not verdict.ran:
            break


async def _in_a_hurry(bench: Bench) -> None:
    """Cells alone; differs from the walk as taught only where an exercise stands above a cell."""
    blocks = bench.lesson.runnables()
    after_exercise = dropwhile(lambda block: isinstance(block, Cell), blocks)
    if not any(isinstance(block, Cell) for block in after_exercise):
        return
    await bench.clear()
    for block in blocks:
        if not isinstance(block, Cell) or lacking(block):
            continue
        run = await bench.run(block)
        assert run is not None
        bench.proof.cells += 1
        crashed = judging.crash(block, run)
        finding = crashed or judging.wrong_output(block, run)
        if finding is not None and finding.level == "error":
            text = f"for someone who skipped the exercises above: {finding.text}"
            bench.proof.add(replace(finding, text=text, level="warning"))
        if crashed:
            return
