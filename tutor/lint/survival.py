"""Try mutants of a solution: those that a check lets pass are named, line by line."""

from __future__ import annotations

import ast
import time

from tutor.course.errors import LessonError
from tutor.course.model import Exercise, Place
from tutor.lint.bench import Bench
from tutor.lint.mutants import Mutant, mutants_of

KILLED = 0.95
"""Share of all mutants of a course that its checks must fail."""
_SLOW = 8
"""A mutant that takes this many times as long as the solution has failed by never ending."""
_PATIENCE = 3.0


async def try_mutants(bench: Bench, exercise: Exercise, seed: int, most: int) -> None:
    """Each once. Nothing is tried when the solution itself does not pass: that is reported."""
    known = [attempt.source for attempt in (*exercise.wrong, *exercise.right)]
    mutants = mutants_of(exercise.solution, [exercise.starter, *known], most)
    began = time.monotonic()
    if not mutants or not (await bench.check(exercise, exercise.solution, seed)).passed:
        return
    limit = min(exercise.timeout, max(_PATIENCE, _SLOW * (time.monotonic() - began)))
    for mutant in mutants:
        verdict = await bench.check(exercise, mutant.source, seed, limit)
        bench.proof.mutants += 1
        if verdict.passed:
            bench.proof.survivors += 1
            bench.proof.add(survivor(exercise, mutant))
        elif verdict.broken:
            bench.proof.add(breaker(exercise, mutant, verdict.broken))
    if runs_by_itself(exercise.solution):
        await bench.restore()


def survivor(exercise: Exercise, mutant: Mutant) -> LessonError:
    """A note for one; too many of them are an error of the course."""
    text = f"survived in `{exercise.id}`: line {mutant.line} {mutant.change}"
    return LessonError(_place(exercise, mutant), text, "note")


def breaker(exercise: Exercise, mutant: Mutant, broken: str) -> LessonError:
    """Whoever writes this is told that the check is to blame, and learns nothing."""
    reason = broken.strip().rpartition("\n")[2]
    text = f"the check of `{exercise.id}` broke on line {mutant.line} {mutant.change}: {reason}"
    return LessonError(_place(exercise, mutant), text, "warning")


def runs_by_itself(source: str) -> bool:
    """Whether code does more than define and import, so that it may change names above it."""
    defines = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    try:
        return not all(isinstance(node, defines) for node in ast.parse(source).body)
    except (SyntaxError, ValueError):
        return True


def too_many(tried: int, survivors: int, place: Place) -> LessonError | None:
    """The finding on a whole course."""
    killed = tried - survivors
    if not tried or killed >= KILLED * tried:
        return None
    return LessonError(
        place,
        f"the checks failed {killed} of {tried} mutants of the solutions "
        f"({killed / tried:.1%}); expected {KILLED:.0%} or more. The others are noted as survived",
    )


def _place(exercise: Exercise, mutant: Mutant) -> Place:
    place = exercise.solution_place or exercise.place
    return Place(place.file, place.line + mutant.line)
