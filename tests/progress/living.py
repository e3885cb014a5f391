"""A learner's life in fast motion."""

from __future__ import annotations

import itertools

from tutor.progress.store import ProgressStore


class Clock:
    """Unix time that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1_770_000_000.0

    def __call__(self) -> float:
        return self.now


def live_a_little(store: ProgressStore, clock: Clock, rounds: int = 40) -> None:
    """Every kind of event, in two lessons, over several days, with code being typed."""
    lessons = itertools.cycle(("tensors/create", "tensors/index"))
    for number in range(rounds):
        clock.now += 7_000
        lesson = next(lessons)
        block = f"b{number % 5}"
        store.stand_at(lesson, f"step-{number % 3}", block)
        store.cell_ran(lesson, block, ok=number % 4 != 0, digest=f"d{number}")
        store.exercise_checked(
            lesson, "ex", passed=number % 7 == 5, misconception="transposed", digest="x"
        )
        store.quiz_answered(
            lesson, "quiz", answer=(str(number % 3),), correct=number % 9 == 8, digest="q"
        )
        store.hint_opened(lesson, "ex", number % 3 + 1)
        store.solution_opened(lesson, "ex", passed=number > 20)
        store.time_spent(lesson, 0.1 * number + 1)
        for letter in range(4):
            clock.now += 1
            store.save_code(lesson, block, f"x = {number}{letter}")
        if number % 11 == 10:
            store.restore_author_code(lesson, block)
        store.record("review_done", lesson, block, grade=3)
