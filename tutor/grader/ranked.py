"""Checks on ranks: what is asked for, and how the case is called."""

from __future__ import annotations

from typing import Any

from tutor.grader import conversation, proxies
from tutor.grader.failures import CheckBroken
from tutor.grader.proxies import RemoteObject, label_of
from tutor.grader.words import case_label

MOST = 16
LONGEST = 120.0
"""Seconds."""


def demand(world: int, timeout: float, arguments: Any) -> None:
    """Raises CheckBroken for what the author cannot have meant."""
    if type(world) is not int or not 1 <= world <= MOST:
        raise CheckBroken(f"s.ranks takes from 1 to {MOST} ranks, not {world!r}")
    if not 0 < timeout <= LONGEST:
        raise CheckBroken(f"timeout= of s.ranks is at most {LONGEST:.0f} seconds, not {timeout!r}")
    if arguments:
        raise CheckBroken("values for code on ranks have names: s.ranks(2, code, x=x)")


def label(function: RemoteObject, world: int, args: tuple[Any, ...]) -> str:
    """`mean(rank, world, x) with x 2×3 on 2 ranks`."""
    names = list(proxies.about(function).names)[:2]
    names = [*names, *("rank", "world")[len(names) :]]
    ours = list(proxies.about(function).names)[2:]
    text = case_label(label_of(function), ours, args, {})
    head, opening, tail = text.partition("(")
    if opening and head:
        comma = ", " if args else ""
        text = f"{head}({', '.join(names)}{comma}{tail}"
    return f"{text} on {world} ranks"


def fields(
    function: RemoteObject, args: tuple[Any, ...], keywords: dict[str, Any], body: bytearray
) -> dict[str, Any]:
    """Of the question that runs a function of the learner."""
    if keywords:
        raise CheckBroken("a function on ranks takes its arguments by position")
    return {
        "handle": proxies.about(function).handle,
        "arguments": conversation.encode(list(args), body),
    }
