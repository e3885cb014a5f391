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
