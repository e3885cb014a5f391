"""A graph with too many nodes, drawn with fewer: whole module calls, then straight chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LIMIT = 400
"""Nodes that are sent at most."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes drawn as one. `call` is the module call that they are, -1 where they are none."""

    kind: Literal["single", "module", "chain"]
    members: tuple[int, ...]
    call: int = -1


@dataclass(frozen=True, slots=True)
class Condensed:
    """`inputs` count groups; `hidden` nodes are in no group."""

    groups: tuple[Group, ...]
    inputs: tuple[tuple[int, ...], ...]
    hidden: int = 0


def condense(
    inputs: Sequence[Sequence[int]],
    call_of: Sequence[int],
    parents: Sequence[int],
    plain: Sequence[bool],
    limit: int = LIMIT,
) -> Condensed:
    """At most `limit` groups. `parents` are those of the calls; a `plain` node may vanish into a
    chain, because it is neither a leaf nor has a name."""
    count = len(inputs)
    if count <= limit:
        groups = [Group("single", (node,), call_of[node]) for node in range(count)]
        return _joined(groups, inputs, count, limit)
    depths = _depths(parents)
    groups = []
    for depth in range(max(depths, default=0), -1, -1):
        groups = _by_call(call_of, parents, depths, depth)
        if len(groups) <= limit:
            return _joined(groups, inputs, count, limit)
    groups = _chained(groups or [Group("single", (n,)) for n in range(count)], inputs, plain)
    return _joined(groups, inputs, count, limit)


def _by_call(
    call_of: Sequence[int], parents: Sequence[int], depths: Sequence[int], depth: int
) -> list[Group]:
    """One group for each call at `depth`, with all that lies inside it."""
    members: dict[int, list[int]] = {}
    order: list[tuple[int, int]] = []
    for node, call in enumerate(call_of):
        while call >= 0 and depths[call] > depth:
            call = parents[call]
        if call >= 0 and depths[call] == depth:
            if call not in members:
                order.append((call, node))
            members.setdefault(call, []).append(node)
        else:
            order.append((-1, node))
    return [
        Group("module", tuple(members[call]), call)
        if call >= 0 and len(members[call]) > 1
        else Group("single", (node,), call_of[node])
        for call, node in order
    ]


def _chained(
    groups: Sequence[Group], inputs: Sequence[Sequence[int]], plain: Sequence[bool]
) -> list[Group]:
    """Runs of plain single nodes with one input and one user each become one group."""
    links = _links(groups, inputs)
    users: dict[int, int] = {}
    for below in links:
        for child in below:
            users[child] = users.get(child, 0) + 1

    def chains(index: int) -> bool:
        group = groups[index]
        node = group.members[0]
        return group.kind == "single" and plain[node] and len(links[index]) == 1

    taken: set[int] = set()
    result: list[Group] = []
    for index, group in enumerate(groups):
        if index in taken:
            continue
        run = [index]
        while chains(run[-1]):
            child = links[run[-1]][0]
            if users.get(child) != 1 or not chains(child) or child in taken:
                break
            run.append(child)
        if len(run) < 3:
            result.append(group)
            continue
        taken.update(run)
        result.append(Group("chain", tuple(groups[i].members[0] for i in run)))
    return result


def _joined(
    groups: Sequence[Group], inputs: Sequence[Sequence[int]], count: int, limit: int
) -> Condensed:
    kept = list(groups[:limit])
    links = _links(kept, inputs)
    shown = sum(len(group.members) for group in kept)
    with_constants = []
    for group, below in zip(kept, links, strict=True):
        constants = sum(
            child < 0
            for node in group.members
            for child in (inputs[node] if node < len(inputs) else ())
        )
        single = group.kind == "single"
        with_constants.append((*below, *([-1] * constants if single else [])))
    return Condensed(tuple(kept), tuple(with_constants), count - shown)


def _links(groups: Sequence[Group], inputs: Sequence[Sequence[int]]) -> list[list[int]]:
    """For each group the groups it was computed from; itself and -1 left out, in order.

    A single node keeps doubles: `x * x` takes `x` twice.
    """
    group_of = {node: index for index, group in enumerate(groups) for node in group.members}
    links: list[list[int]] = []
    for index, group in enumerate(groups):
        found: list[int] = []
        for node in group.members:
            for child in inputs[node]:
                target = group_of.get(child, -1)
                if target in (-1, index):
                    continue
                if group.kind == "single" or target not in found:
                    found.append(target)
        links.append(found)
    return links


def _depths(parents: Sequence[int]) -> list[int]:
    depths: list[int] = []
    for parent in parents:  # parents stand before their children
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
    return depths
