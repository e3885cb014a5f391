"""The nodes behind a tensor, breadth first, without recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_NODES = 20_000


@dataclass(slots=True)
class Walked:
    """`inputs[i]` are the indices that node `i` was computed from; -1 needs no gradient.

    Holds nodes: let go of it before the learner's code goes on.
    """

    nodes: list[Any] = field(default_factory=list)
    inputs: list[list[int]] = field(default_factory=list)
    roots: int = 0
    truncated: bool = False


def walk(roots: Sequence[Any], limit: int = MAX_NODES) -> Walked:
    """Every node that the backward from `roots` would reach, at most `limit`."""
    walked = Walked()
    nodes, inputs = walked.nodes, walked.inputs
    # Python keeps one object a node while we hold it, so that ids tell nodes apart.
    index: dict[int, int] = {}
    left: deque[Any] = deque()
    for root in roots:
        if id(root) not in index:
            index[id(root)] = len(nodes)
            nodes.append(root)
            left.append(root)
    walked.roots = len(nodes)
    while left:
        below: list[int] = []
        for node, _ in left.popleft().next_functions:
            if node is None:
                below.append(-1)
                continue
            known = index.get(id(node))
            if known is None:
                if len(nodes) >= limit:
                    walked.truncated = True
                    continue
                known = index[id(node)] = len(nodes)
                nodes.append(node)
                left.append(node)
            below.append(known)
        inputs.append(below)
    return walked
