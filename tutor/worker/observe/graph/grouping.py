"""Which module call made which node."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from tutor.worker.observe.modules.calls import Call

MAX_CALLS = 600


def by_number(numbers: Sequence[int], calls: Sequence[Call]) -> list[int]:
    """For each node the innermost call whose interval holds its number, else -1.

    Calls nest and stand in order of their beginning. Leaves have numbers beyond all intervals.
    """
    starts = [call.first for call in calls]
    found: list[int] = []
    for number in numbers:
        index = bisect_right(starts, number) - 1
        while index >= 0 and not calls[index].first <= number < calls[index].last:
            index = calls[index].parent
        found.append(index)
    return found


def by_parameters(
    owners: Sequence[str], inputs: Sequence[Sequence[int]]
) -> tuple[list[int], list[Call]]:
    """The same from the parameters alone, where the forward was not seen.

    `owners` names the module that a leaf belongs to, "" for other nodes. An operation belongs to
    the module whose parameter it takes, directly or by way of one operation such as a transpose.
    """
    found = [-1] * len(owners)
    calls: list[Call] = []
    for node, below in enumerate(inputs):
        if owners[node]:
            continue
        path = ""
        between: list[int] = []
        for child in below:
            if child < 0:
                continue
            if owners[child]:
                path = path or owners[child]
            elif len(inputs[child]) == 1 and inputs[child][0] >= 0 and owners[inputs[child][0]]:
                path = path or owners[inputs[child][0]]
                between.append(child)
        if path and found[node] < 0 and len(below) > 1:
            calls.append(Call(path, "", 1, -1, 0))
            for member in (node, *between):
                found[member] = len(calls) - 1
    return found, calls


def leaves_joined(
    found: list[int], inputs: Sequence[Sequence[int]], is_leaf: Sequence[bool]
) -> list[int]:
    """A leaf that only one call uses belongs to that call."""
    users: dict[int, set[int]] = {}
    for node, below in enumerate(inputs):
        for child in below:
            if child >= 0 and is_leaf[child]:
                users.setdefault(child, set()).add(found[node])
    joined = list(found)
    for leaf, using in users.items():
        if len(using) == 1:
            joined[leaf] = next(iter(using))
    return joined
