"""What a command reports when it cannot do what was asked."""

from __future__ import annotations


class CommandError(Exception):
    """One sentence of what happened, one of what to do, and the exit code: 1 it failed,
    2 it was asked for wrongly."""

    def __init__(self, sentence: str, advice: str = "", *, code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice
        self.code = code
