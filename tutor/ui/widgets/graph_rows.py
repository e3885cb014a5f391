"""What stands in each row of the graph panel."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.session.observed_graph import GraphView
from tutor.text import bytes_text, dtype_text, shape_text
from tutor.ui.widgets.graph_layout import CallFacts, Placed, call_facts, place
from tutor.ui.widgets.graph_tree import Part, TreeColumn, TreeRow
from tutor.ui.widgets.graph_words import GLOSSES
from tutor.wire.observed.graph import GraphNode, GraphSeen, Saved

COLUMNS = (TreeColumn("shape", 0), TreeColumn("keeps", 1), TreeColumn("line", 2))
HEADING = "result = operation"


def graph_rows(view: GraphView, flipped: frozenset[str]) -> list[TreeRow]:
    """Head, tree, and what the signs mean; nothing at all before the first graph."""
    graph = view.graph
    if graph is None or not graph.nodes:
        return []
    placed = place(graph, flipped)
    facts = call_facts(graph)
    where = {row.item: index for index, row in enumerate(placed) if not row.reference}
    rows = [TreeRow(parts) for parts in head(view, graph)]
    for index, row in enumerate(placed):
        if row.reference:
            rows.append(_reference(graph, facts, row, where.get(row.item, -1), index))
        elif row.item.kind == "call":
            rows.append(_call(graph, facts[row.item.index], row))
        else:
            rows.append(_node(graph, row))
    return [*rows, TreeRow((("", ""),)), *(TreeRow(((text, "quiet"),)) for text in key(graph))]


def head(view: GraphView, graph: GraphSeen) -> list[tuple[Part, ...]]:
    """What this is the graph of, how large it is, and what is wrong with it."""
    if graph.how == "none":
        how = "no backward in this run"
    else:
        number = f" {graph.backward:,}" if graph.backward > 1 else ""
        called = "backward" if graph.how == "backward" else "autograd.grad"
        how = f"before {called}{number}" if number else f"right before {called}"
    lines: list[tuple[Part, ...]] = [(("graph of ", "quiet"), (graph.root, "name"))]
    lines[0] += ((f" · {how}", "quiet"),)
    count = f"{graph.operations:,} operation{'s' * (graph.operations != 1)}"
    leaves = f"{graph.leaves:,} {'leaf' if graph.leaves == 1 else 'leaves'}"
    kept = f"{bytes_text(graph.saved_bytes)} kept for the backward"
    lines.append(((f"{count} · {leaves} · {kept}", "quiet"),))
    if graph.roots > 1:
        lines.append(((f"The backward starts at {graph.roots:,} tensors at once.", "quiet"),))
    if view.earlier:
        lines.append((("from an earlier run: the latest made no graph", "warn"),))
    states = {saved.state for node in graph.nodes for saved in node.saved}
    if "changed" in states:
        text = "✗ A saved tensor was changed in place: backward would raise."
        lines.append(((text, "bad"),))
    if "freed" in states:
        text = "An earlier backward used up what was saved: retain_graph=True would keep it."
        lines.append(((text, "warn"),))
    if graph.hidden:
        lines.append(((f"… {graph.hidden:,} more nodes did not fit", "warn"),))
    return lines


def key(graph: GraphSeen) -> list[str]:
    """How to read it, with only the signs that occur."""
    lines = ["Read downwards: each result was computed from what stands below it."]
    if any(node.arrives for node in graph.nodes):
        arrives = "gets" if graph.how == "none" else "its .grad gets"
        if graph.how == "grad":
            arrives = "autograd.grad returns"
        lines.append(f"∇ {arrives} the gradient")
    if any(node.kind == "leaf" and not node.arrives for node in graph.nodes):
        lines.append("· a leaf that this backward leaves alone")
    if any(saved.state == "packed" for node in graph.nodes for saved in node.saved):
        lines.append("⊡ kept by a hook or recomputed by a checkpoint: not looked at")
    return lines


def _node(graph: GraphSeen, row: Placed) -> TreeRow:
    node = graph.nodes[row.item.index]
    return TreeRow(
        left=_left(graph, node),
        key=row.key,
        depth=row.depth,
        cells=_cells(node),
        foldable=row.foldable,
        folded=row.folded,
        detail=tuple(_detail(graph, node)),
    )


def _left(graph: GraphSeen, node: GraphNode) -> tuple[Part, ...]:
    if node.kind == "leaf":
        name = node.name or "a tensor without a name"
        if node.arrives:
            return (("∇ ", "gradient"), (name, "name" if node.name else "quiet"))
        return (("· ", "quiet"), (name, "quiet"))
    if node.kind == "module":
        return ((node.name, "name"), (f" {node.op}", "word"))
    parts: list[Part] = []
    if node.name:
        parts += [(node.name, "name"), (" = ", "quiet")]
    parts.append((node.op, "word"))
    if node.kind == "chain":
        parts.append((f" ×{node.count:,}", "quiet"))
    if node.arrives:
        parts.append((" ∇", "gradient"))
    states = {saved.state for saved in node.saved}
    if "changed" in states:
        parts.append((" ✗ changed", "bad"))
    if "packed" in states:
        parts.append((" ⊡", "quiet"))
    return tuple(parts)


def _cells(node: GraphNode) -> tuple[Part, ...]:
    return (
        (_shape(node), "shape"),
        (bytes_text(node.bytes) if node.bytes else "", "quiet"),
        (str(node.line) if node.line else "", "quiet"),
    )


def _shape(node: GraphNode) -> str:
    if node.shape is None:
        return ""
    text = shape_text(node.shape)
    if node.dtype and node.dtype != "float32":
        text += f" {dtype_text(node.dtype)}"
    return text


def _call(graph: GraphSeen, facts: CallFacts, row: Placed) -> TreeRow:
    call = graph.calls[row.item.index]
    left: list[Part] = [(call.path or call.kind or "module", "name")]
    if call.path and call.kind:
        left.append((f" {call.kind}", "word"))
    if call.call > 1:
        left.append((f" call {call.call}", "warn"))
    left.append((f" · {facts.operations:,} op{'s' * (facts.operations != 1)}", "quiet"))
    cells: tuple[Part, ...] = ()
    if facts.result is not None:
        kept = bytes_text(facts.bytes) if facts.bytes else ""
        cells = ((_shape(facts.result), "shape"), (kept, "quiet"), ("", ""))
    return TreeRow(tuple(left), row.key, row.depth, cells, True, row.folded)


def _reference(
    graph: GraphSeen, facts: Sequence[CallFacts], row: Placed, target: int, here: int
) -> TreeRow:
    """A row that says: the same as another one."""
    if row.item.kind == "call":
        call = graph.calls[row.item.index]
        name, shown = call.path or call.kind, facts[row.item.index].result
    else:
        shown = graph.nodes[row.item.index]
        name = shown.name or shown.op
    arrow = "↑" if target < here else "↓"
    place = "above" if target < here else "below"
    cells: tuple[Part, ...] = ((_shape(shown), "quiet"),) if shown is not None else ()
    return TreeRow(
        left=((f"{arrow} ", "warn"), (name, ""), (f" see {place}", "quiet")),
        key=row.key,
        depth=row.depth,
        cells=cells,
        detail=((f"The same result is used in more than one place. It stands {place}, once.", ""),),
    )


def _detail(graph: GraphSeen, node: GraphNode) -> list[Part]:
    lines: list[Part] = []
    result = f"{shape_text(node.shape)} {node.dtype}" if node.shape is not None else ""
    if node.kind == "leaf":
        return _leaf_detail(graph, node, result)
    if gloss := GLOSSES.get(node.op):
        lines.append((gloss, "")) if node.kind == "op" else None
    if node.function:
        lines.append((f"{node.function}{f' gives {result}' if result else ''}", ""))
    if node.outputs > 1:
        lines.append((f"It has {node.outputs:,} results; the shape is that of the first.", ""))
    lines += [_saved(saved) for saved in node.saved]
    constants = sum(index < 0 for index in node.inputs)
    if constants:
        text = f"{constants} more input{'s' * (constants > 1)} of it need{'s' * (constants == 1)}"
        lines.append((f"{text} no gradient.", ""))
    if 0 <= node.call < len(graph.calls):
        call = graph.calls[node.call]
        kind = f" ({call.kind})" if call.kind else ""
        lines.append((f"made in {call.path}{kind}", ""))
    if node.arrives and graph.how != "grad":
        lines.append(("retain_grad() was called: its gradient is kept.", "gradient"))
    return lines


def _leaf_detail(graph: GraphSeen, node: GraphNode, result: str) -> list[Part]:
    what = "parameter" if node.op == "parameter" else "leaf: made by hand, not by an operation"
    lines: list[Part] = [(f"{what}, {result}" if result else what, "")]
    name = node.name or "its"
    if not node.arrives:
        lines.append(("It requires a gradient, but this backward was asked for others.", ""))
    elif graph.how == "grad":
        lines.append(("autograd.grad returns its gradient and leaves .grad alone.", ""))
    elif node.name:
        lines.append((f"The gradient is added to {name}.grad.", ""))
    else:
        lines.append(("The gradient is added to its .grad, but no name leads to it.", ""))
    return lines


def _saved(saved: Saved) -> Part:
    called = f" ({saved.name})" if saved.name else ""
    shape = f" {shape_text(saved.shape)} {dtype_text(saved.dtype)}" if saved.dtype else ""
    match saved.state:
        case "kept" if saved.parameter:
            return (f"needs {saved.what}{called}{shape}: a parameter, no extra memory", "")
        case "kept":
            return (f"keeps {saved.what}{called}{shape}, {bytes_text(saved.bytes)}", "")
        case "changed":
            return (f"✗ {saved.what} was changed in place after it was saved", "bad")
        case "freed":
            return (f"{saved.what} was freed by an earlier backward", "warn")
        case _:
            return (f"⊡ {saved.what} is kept by a hook or recomputed by a checkpoint", "")
