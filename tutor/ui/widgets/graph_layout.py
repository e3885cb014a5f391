"""A graph as a tree: the longest way down stands straight, what joins it is indented.

Every node is shown once, under the user that is farthest from the root, so that a reference in
another place points to a line that is still to come or was just read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tutor.wire.observed.graph import GraphNode, GraphSeen

MANY = 60
"""Nodes beyond which module calls are drawn as one row each, as long as they are folded."""
MAX_CALL_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Item:
    """A node by its index, or a module call by its own."""

    kind: Literal["node", "call"]
    index: int

    @property
    def key(self) -> str:
        return f"{self.kind}{self.index}"


@dataclass(frozen=True, slots=True)
class Placed:
    """One row of the tree. `reference`: the item is shown in another row."""

    item: Item
    depth: int
    key: str
    reference: bool = False
    foldable: bool = False
    folded: bool = False


def place(graph: GraphSeen, flipped: frozenset[str] = frozenset()) -> list[Placed]:
    """All visible rows. Calls start folded unless there is room, branches start open."""
    if not graph.nodes:
        return []
    grouped = len(graph.nodes) > MANY and bool(graph.calls)
    chains = [_chain(graph, node) if grouped else () for node in graph.nodes]
    open_calls = _open_by_default(graph, chains) if grouped else frozenset()
    return _level(graph, chains, range(len(graph.nodes)), 0, 0, open_calls, flipped)


@dataclass(slots=True)
class CallFacts:
    """What lies in a module call and in everything that it called."""

    operations: int = 0
    bytes: int = 0
    result: GraphNode | None = None
    """The node that stands nearest to the root."""


def call_facts(graph: GraphSeen) -> list[CallFacts]:
    """Facts of each call of the graph."""
    facts = [CallFacts() for _ in graph.calls]
    for node in graph.nodes:
        if node.kind == "leaf":
            continue
        for call in _chain(graph, node):
            fact = facts[call]
            fact.operations += node.count
            fact.bytes += node.bytes
            fact.result = fact.result or node
    return facts


def _chain(graph: GraphSeen, node: GraphNode) -> tuple[int, ...]:
    """The calls around a node, the outermost first."""
    chain: list[int] = []
    call = node.call
    while 0 <= call < len(graph.calls) and len(chain) < MAX_CALL_DEPTH and call not in chain:
        chain.append(call)
        call = graph.calls[call].parent
    return tuple(reversed(chain))


def _open_by_default(graph: GraphSeen, chains: Sequence[tuple[int, ...]]) -> frozenset[str]:
    """Calls of calls that can be open without more than `MANY` rows, the outer ones first."""
    inside: dict[int, set[Item]] = {}
    for index, chain in enumerate(chains):
        for level in range(-1, len(chain)):
            around = chain[level] if level >= 0 else -1
            deeper = level + 1 < len(chain)
            item = Item("call", chain[level + 1]) if deeper else Item("node", index)
            inside.setdefault(around, set()).add(item)
    rows = len(inside.get(-1, ()))
    opened: set[str] = set()
    left = deque(sorted(item.index for item in inside.get(-1, ()) if item.kind == "call"))
    while left:
        call = left.popleft()
        has_calls = any(item.kind == "call" for item in inside[call])
        if not has_calls or rows + len(inside[call]) > MANY:
            continue
        rows += len(inside[call])
        opened.add(Item("call", call).key)
        left += sorted(item.index for item in inside[call] if item.kind == "call")
    return frozenset(opened)


@dataclass(slots=True)
class _Level:
    """The items directly inside one call (or the whole graph) and how they hang together."""

    links: dict[Item, list[Item]] = field(default_factory=dict)
    members: dict[Item, list[int]] = field(default_factory=dict)
    roots: list[Item] = field(default_factory=list)
    owner: dict[Item, Item] = field(default_factory=dict)
    height: dict[Item, int] = field(default_factory=dict)


def _level(
    graph: GraphSeen,
    chains: Sequence[tuple[int, ...]],
    nodes: Iterable[int],
    level: int,
    depth: int,
    open_calls: frozenset[str],
    flipped: frozenset[str],
) -> list[Placed]:
    found = _hung(graph, chains, list(nodes), level)
    rows: list[Placed] = []
    # An own stack, because chains may be thousands of nodes long.
    left: list[tuple[Item, int, str]] = [(root, depth, "") for root in reversed(found.roots)]
    shown: set[Item] = set()
    while left:
        item, at, reference = left.pop()
        if reference or item in shown:
            rows.append(Placed(item, at, reference or f">{item.key}:{level}", reference=True))
            continue
        shown.add(item)
        sides, on = _below(graph, found, item)
        if item.kind == "call":
            folded = (item.key in open_calls) == (item.key in flipped)
            rows.append(Placed(item, at, item.key, foldable=True, folded=folded))
            if not folded:
                rows += _level(
                    graph, chains, found.members[item], level + 1, at + 1, open_calls, flipped
                )
            hidden = False
        else:
            hidden = bool(sides) and item.key in flipped
            rows.append(Placed(item, at, item.key, foldable=bool(sides), folded=hidden))
        if on is not None:
            left.append((on, at, ""))
        if not hidden:
            below = [
                (child, at + 1, f"{item.key}>{child.key}:{place}" if again else "")
                for place, (child, again) in enumerate(sides)
            ]
            left += reversed(below)
    return rows


def _below(
    graph: GraphSeen, level: _Level, item: Item
) -> tuple[list[tuple[Item, bool]], Item | None]:
    """What is indented below `item` (and whether as a reference), and what goes straight on."""
    links = level.links.get(item, [])
    owned: list[Item] = []
    others: list[Item] = []
    for child in links:
        if level.owner.get(child) == item and child not in owned:
            owned.append(child)
        else:
            others.append(child)
    owned.sort(key=lambda child: level.height[child])
    on = None
    if owned and not _is_leaf(graph, owned[-1]):
        # A parameter's own little way, such as a transpose, stays beside the other inputs.
        alone = len(owned) == 1
        if alone or not _leads_to_one_leaf(graph, level, owned[-1]):
            on = owned.pop()
    return [(child, False) for child in owned] + [(child, True) for child in others], on


def _is_leaf(graph: GraphSeen, item: Item) -> bool:
    return item.kind == "node" and graph.nodes[item.index].kind == "leaf"


def _leads_to_one_leaf(graph: GraphSeen, level: _Level, item: Item) -> bool:
    below = level.links.get(item, [])
    return item.kind == "node" and len(below) == 1 and _is_leaf(graph, below[0])


def _hung(
    graph: GraphSeen, chains: Sequence[tuple[int, ...]], nodes: list[int], level: int
) -> _Level:
    found = _Level()
    item_of: dict[int, Item] = {}
    for node in nodes:
        chain = chains[node]
        item = Item("call", chain[level]) if len(chain) > level else Item("node", node)
        item_of[node] = item
        found.members.setdefault(item, []).append(node)
        found.links.setdefault(item, [])
    parents: dict[Item, set[Item]] = {item: set() for item in found.links}
    for node in nodes:
        item = item_of[node]
        for child in graph.nodes[node].inputs:
            target = item_of.get(child)
            if target is None or target == item:
                continue
            single = item.kind == "node"
            if single or target not in found.links[item]:
                found.links[item].append(target)
            parents[target].add(item)
    found.roots = [item for item in found.links if not parents[item]]
    order = _in_order(found, parents)
    distance = dict.fromkeys(found.links, 0)
    for item in order:
        for child in found.links[item]:
            if distance[item] + 1 > distance[child] and item != child:
                distance[child] = distance[item] + 1
                found.owner[child] = item
    for item in reversed(order):
        below = [found.height.get(child, 0) for child in found.links[item]]
        found.height[item] = 1 + max(below, default=0)
    return found


def _in_order(level: _Level, parents: dict[Item, set[Item]]) -> list[Item]:
    """Items with all their users before them; what lies on a circle comes at the end."""
    waiting = {item: len(users) for item, users in parents.items()}
    ready = deque(level.roots)
    order: list[Item] = []
    seen: set[Item] = set(level.roots)
    while len(order) < len(level.links):
        if not ready:
            first = next(item for item in level.links if item not in seen)
            seen.add(first)
            level.roots.append(first)
            ready.append(first)
        item = ready.popleft()
        order.append(item)
        for child in dict.fromkeys(level.links[item]):
            waiting[child] -= 1
            if waiting[child] <= 0 and child not in seen:
                seen.add(child)
                ready.append(child)
    return order
