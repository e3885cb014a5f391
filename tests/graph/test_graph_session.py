"""From the learner's cell to the snapshot that the panels draw."""

from __future__ import annotations

from tests.conftest import run_cell
from tutor.session.session import Session

CELL = """
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
loss = net(torch.randn(2, 4)).mean()
loss.backward()
"""


async def test_graph_and_model_reach_the_snapshot_and_grow_old(session: Session) -> None:
    seen = (await run_cell(session, CELL)).observed
    assert seen.graph.graph is not None
    assert (seen.graph.graph.root, seen.graph.earlier) == ("loss", False)
    assert [model.name for model in seen.model.models] == ["net"]
    later = (await run_cell(session, "x = 1", "other")).observed
    assert later.graph.graph == seen.graph.graph
    assert (later.graph.earlier, later.model.earlier) == (True, True)
    await session.restart()
    assert session.snapshot.observed.graph.graph is None


async def test_the_graph_of_a_chosen_tensor_takes_the_panel(session: Session) -> None:
    await run_cell(
        session, CELL + "hidden = net[0](torch.ones(1, 4)).tanh()\nplain = torch.ones(2)\n"
    )
    assert session.snapshot.observed.graph.graph is not None
    assert session.snapshot.observed.graph.graph.root == "loss"
    assert await session.trace("hidden") == ""
    graph = session.snapshot.observed.graph.graph
    assert (graph.root, graph.how) == ("hidden", "none")
    assert {node.name for node in graph.nodes if node.kind == "leaf"} == {
        "net.0.weight",
        "net.0.bias",
    }
    assert "no history" in await session.trace("plain")
    assert "leaf" in await session.trace("net.0.weight")
    assert "no tensor of this name" in await session.trace("gone")
    assert session.snapshot.observed.graph.graph.root == "hidden"
