"""What the graph panel shows: the latest graph, and whether it is of the latest run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.wire.observed.graph import GraphSeen


@dataclass(frozen=True, slots=True)
class GraphView:
    """`graph` is None before the first; `earlier` when a run came after the one it is of."""

    graph: GraphSeen | None = None
    earlier: bool = False


def graph_begun(view: GraphView) -> GraphView:
    """A run begins: what is shown is of an earlier one."""
    return view if view.graph is None else replace(view, earlier=True)


def graph_seen(view: GraphView, message: GraphSeen) -> GraphView:
    """The newest graph takes the place of the one before."""
    return GraphView(message)
