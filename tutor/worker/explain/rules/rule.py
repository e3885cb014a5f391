"""What a rule is: a pattern of the message, the exceptions it is for, and what to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tutor.text import shape_text
from tutor.worker.explain.situation import Draft, Situation, Value

Write = Callable[[Situation, "re.Match[str]"], Draft | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`write` returns None where the rule does not apply after all, and the next one is asked."""

    pattern: re.Pattern[str]
    write: Write


class Rules(list[Rule]):
    """The rules of one group, in the order in which they are asked."""

    def on(self, *patterns: str) -> Callable[[Write], Write]:
        """Add the decorated function for messages in which one of `patterns` is found."""

        def add(write: Write) -> Write:
            self.extend(
                Rule(re.compile(_anchored(pattern), re.DOTALL), write) for pattern in patterns
            )
            return write

        return add


def _anchored(pattern: str) -> str:
    """A pattern that begins with a word begins at one, or a long word would be tried in each of
    its places."""
    return rf"(?<![\w.]){pattern}" if pattern.startswith((r"(\w", r"([\w")) else pattern


def shape(value: Value | tuple[int, ...]) -> str:
    """`64×784`; of one dimension `[5]`, which a bare 5 would hide."""
    sizes = value.shape if isinstance(value, Value) else value
    return f"[{sizes[0]}]" if len(sizes) == 1 else shape_text(sizes)


def told(value: Value) -> str:
    """`` `x` is 64×784 ``; `` `v` is a vector of 5 ``."""
    sizes = value.shape
    if len(sizes) > 1:
        return f"`{value.name}` is {shape_text(sizes)}"
    return f"`{value.name}` is " + (f"a vector of {sizes[0]}" if sizes else "a single number")


def counted(count: int, noun: str) -> str:
    """`1 argument`, `2 arguments`."""
    return f"{count} {noun}" + "s" * (count != 1)


def article(kind: str) -> str:
    """`a list`, `an int`, `None`."""
    if kind == "NoneType":
        return "None"
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def numbers(text: str) -> tuple[int, ...]:
    """The integers in a text such as "[4, 8]" or "4x8"."""
    return tuple(map(int, re.findall(r"-?\d+", text)))
