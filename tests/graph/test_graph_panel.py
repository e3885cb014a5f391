"""The graph as a tree on the screen: layout, folding, references, every state at every width."""

from __future__ import annotations

import random
from dataclasses import replace as with_fields

import pytest
from msgspec.structs import replace

from tests.ui_widgets.gallery import Host, frame
from tutor.session.observed_graph import GraphView, graph_begun, graph_seen
from tutor.text import sanitize
from tutor.ui.widgets.graph import GraphPanel
from tutor.ui.widgets.graph_layout import MANY, place
from tutor.wire.observed.graph import GraphCall, GraphNode, GraphSeen, Saved


def op(word: str, *inputs: int, name: str = "", **fields: object) -> GraphNode:
    values = {"function": f"{word.title()}Backward0", "shape": (64, 10), "dtype": "float32"}
    return GraphNode("op", word, name=name, inputs=inputs, **(values | fields))  # type: ignore[arg-type]


def leaf(name: str, *, arrives: bool = True, call: int = -1) -> GraphNode:
    return GraphNode(
        "leaf", "parameter", name=name, shape=(10,), dtype="float32", arrives=arrives, call=call
    )


def seen(*nodes: GraphNode, **fields: object) -> GraphSeen:
    values = {
        "run": 1,
        "root": "loss",
        "how": "backward",
        "backward": 1,
        "operations": sum(n.kind == "op" for n in nodes),
        "leaves": sum(n.kind == "leaf" for n in nodes),
        "saved_bytes": 2560,
    }
    return GraphSeen(nodes=nodes, **(values | fields))  # type: ignore[arg-type]


KEPT = Saved("mat1", "xb", (64, 784), "float32", 200_704)
SMALL = seen(
    op("nll_loss", 1, name="loss", line=7, shape=()),
    op("addmm", 2, 3, 4, name="logits", saved=(KEPT,), bytes=200_704, line=6),
    leaf("net.2.bias"),
    op("relu", 5, 6),
    op("transpose", 7),
    op("mul", 6, 6, -1),
    leaf("w"),
    leaf("net.2.weight"),
)
CHANGED = seen(
    op("sin", 1, name="z", saved=(Saved("self", state="changed"),)),
    op("exp", 2, saved=(Saved("result", state="freed"),)),
    leaf("a", arrives=False),
    how="none",
    hidden=3,
)
PACKED = seen(op("cos", 1, saved=(Saved("self", state="packed"),)), leaf(""), how="grad")


def large() -> GraphSeen:
    """Twelve layers of eight operations, each layer a call, all inside one model."""
    nodes: list[GraphNode] = [op("sum", 1, name="loss")]
    calls = [GraphCall("net", "Sequential")]
    for layer in range(12):
        calls.append(GraphCall(f"net.{layer}", "Layer", parent=0))
        for _ in range(8):
            nodes.append(op("relu", len(nodes) + 1, call=len(calls) - 1))
    nodes.append(leaf("w"))
    return seen(*nodes, calls=tuple(calls))


STATES = {
    "empty": GraphView(),
    "small": GraphView(SMALL),
    "earlier": GraphView(SMALL, earlier=True),
    "changed": GraphView(CHANGED),
    "packed": GraphView(PACKED),
    "large": GraphView(large()),
    "deep": GraphView(
        seen(*(op("add", n + 1, n + 2) for n in range(60)), leaf("a"), leaf("b"), leaf("c"))
    ),
}


def test_each_node_stands_once_and_other_places_refer_to_it() -> None:
    rows = place(SMALL)
    own = [row.item.index for row in rows if not row.reference]
    assert sorted(own) == list(range(len(SMALL.nodes)))
    assert [row.item.index for row in rows if row.reference] == [6, 6]  # w, at relu and at mul


def test_the_long_way_stands_straight_and_a_parameters_own_is_indented() -> None:
    rows = {row.item.index: row for row in place(SMALL) if not row.reference}
    assert [rows[n].depth for n in (0, 1, 3, 5)] == [0, 0, 0, 0]
    assert [rows[n].depth for n in (2, 4, 7, 6)] == [1, 1, 2, 1]


def test_five_thousand_operations_are_laid_out_without_recursion() -> None:
    chain = [op("add", n + 1) for n in range(5000)]
    rows = place(seen(*chain, leaf("a")))
    assert len(rows) == 5001
    assert max(row.depth for row in rows) == 1


def test_a_large_graph_starts_with_its_modules_folded() -> None:
    graph = large()
    assert len(graph.nodes) > MANY
    rows = place(graph)
    assert len(rows) <= MANY
    assert [row.item.kind for row in rows].count("call") == 13
    opened = place(graph, frozenset({"call1"}))
    assert len(opened) == len(rows) + 8


@pytest.mark.parametrize("seed", range(20))
def test_any_graph_is_laid_out_with_every_node_in_one_place(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(1, 200)
    nodes = [
        op("f", *(rng.randrange(-1, count) for _ in range(rng.randint(0, 3))))  # circles too
        if rng.random() < 0.7
        else leaf(f"p{n}")
        for n in range(count)
    ]
    calls = tuple(GraphCall(f"m{n}", "M", parent=rng.randrange(-1, n)) for n in range(6))
    nodes = [replace(node, call=rng.randrange(-1, 6)) for node in nodes]
    rows = place(seen(*nodes, calls=calls))
    keys = [row.key for row in rows]
    assert len(keys) == len(set(keys))
    calls_folded = {r.item.key for r in rows if r.foldable and r.item.kind == "call"}
    everything = place(seen(*nodes, calls=calls), frozenset(calls_folded))
    own = [row.item.index for row in everything if row.item.kind == "node" and not row.reference]
    assert len(own) == len(set(own))
    if count <= MANY:
        assert sorted(own) == list(range(count))


@pytest.mark.parametrize("width", [36, 44, 80])
@pytest.mark.parametrize("state", STATES)
async def test_every_state_fits_its_width(state: str, width: int) -> None:
    panel = GraphPanel(STATES[state])
    app = Host(panel)
    async with app.run_test(size=(width, 30)) as pilot:
        panel.focus()
        await pilot.press("enter", "down", "enter", "end", "enter", "home")
        assert panel.max_scroll_x == 0
        text = frame(app)
        assert max(map(len, text.split("\n"))) <= width
        words = {
            "empty": "requires a gradient",
            "small": "loss = nll_loss",
            "earlier": "earlier run",
            "changed": "✗",
            "packed": "autograd.grad",
            "large": "net Sequential",
            "deep": "see below",
        }
        flat = " ".join(text.split())
        assert words[state].split()[-1] in flat, text


async def test_the_keys_fold_unfold_and_tell_more() -> None:
    panel = GraphPanel(GraphView(SMALL))
    app = Host(panel)
    async with app.run_test(size=(80, 30)) as pilot:
        panel.focus()
        await pilot.press("down")
        assert panel.current is not None
        assert panel.current.key == "node1"
        await pilot.press("left")
        assert "net.2.bias" not in frame(app)
        assert "▸ logits" in frame(app)
        await pilot.press("right")
        assert "net.2.bias" in frame(app)
        await pilot.press("right")
        assert panel.current.key == "node2", "into the open branch"
        await pilot.press("left")
        assert panel.current.key == "node1", "a leaf has nothing to fold: back to its operation"
        await pilot.press("enter")
        assert "keeps mat1 (xb) 64×784 f32, 196 KiB" in frame(app)
        assert "Matrix product plus bias" in frame(app)
        await pilot.press("enter")
        assert "keeps mat1" not in frame(app)


async def test_a_new_step_of_the_same_loop_keeps_what_is_folded() -> None:
    panel = GraphPanel(GraphView(SMALL))
    app = Host(panel)
    async with app.run_test(size=(60, 30)) as pilot:
        panel.focus()
        await pilot.press("down", "left")
        panel.view = GraphView(replace(SMALL, backward=500))
        await pilot.pause()
        assert "▸ logits" in frame(app)
        assert "backward 500" in frame(app)
        panel.view = GraphView(CHANGED)
        await pilot.pause()
        assert "z = sin ✗ changed" in frame(app)


async def test_foreign_text_is_neither_markup_nor_control_code() -> None:
    name = "[red]a[/]\x1b[31m\nb"
    panel = GraphPanel(GraphView(seen(op("exp", 1, name=name), leaf(name), root=name)))
    app = Host(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.focus()
        await pilot.press("enter")
        assert f"{sanitize(name).replace(chr(10), ' ')} = exp" in frame(app)


def test_a_run_without_a_graph_leaves_the_earlier_one_and_says_so() -> None:
    view = graph_seen(GraphView(), SMALL)
    assert not view.earlier
    assert graph_begun(view) == with_fields(view, earlier=True)
    assert graph_begun(GraphView()) == GraphView()
