"""What the UI asks of the progress store. Every call returns at once (well under 5 ms)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tutor.progress.model import Day, LessonProgress, Position, SavedCode


class ProgressAPI(Protocol):
    """One pack's progress. Writers in other windows do not block or corrupt this one."""

    def lesson(self, lesson: str) -> LessonProgress: ...

    def lessons(self) -> Mapping[str, LessonProgress]:
        """Every lesson that was ever touched, by its id."""
        ...

    def days(self) -> Mapping[str, Day]:
        """What happened on each calendar day ("2026-03-14"), oldest first."""
        ...

    def position(self) -> Position | None: ...

    def stand_at(self, lesson: str, step: str, block: str) -> None:
        """The learner is here now; "Continue" comes back to it."""
        ...

    def cell_ran(self, lesson: str, block: str, *, ok: bool, digest: str) -> None: ...

    def exercise_checked(
        self, lesson: str, block: str, *, passed: bool, misconception: str, digest: str
    ) -> None: ...

    def quiz_answered(
        self, lesson: str, block: str, *, answer: tuple[str, ...], correct: bool, digest: str
    ) -> None: ...

    def hint_opened(self, lesson: str, block: str, number: int) -> None: ...

    def solution_opened(self, lesson: str, block: str, *, passed: bool) -> None: ...

    def time_spent(self, lesson: str, seconds: float) -> None: ...

    def code(self, lesson: str, block: str) -> str | None:
        """The text as the learner left it, None when it was never changed."""
        ...

    def save_code(self, lesson: str, block: str, text: str) -> None: ...

    def restore_author_code(self, lesson: str, block: str) -> None:
        """Forget the learner's text for this block, keeping it in its history."""
        ...

    def history(self, lesson: str, block: str) -> tuple[SavedCode, ...]:
        """Texts that were put away, newest first."""
        ...

    def close(self) -> None: ...
