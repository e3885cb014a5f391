"""The two ways a check can end early: the answer is wrong, or the check itself is."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.wire.messages import Failure, Grid


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What is wrong with one value, before anything is known of the case around it."""

    message: str
    expected: Grid | None = None
    got: Grid | None = None
    difference: str = ""
    line: int = 0


class CheckFailed(BaseException):
    """The answer is wrong. Not an `Exception`, so that no check swallows it by accident."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class CheckBroken(Exception):
    """The check uses the vocabulary wrongly; str() is for its author."""
