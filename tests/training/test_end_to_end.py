"""From a cell of the learner to the snapshot that the panels get, through the real session."""

from __future__ import annotations

from tests.conftest import run_cell, until
from tutor.session.api import Code
from tutor.session.session import Session

LOOP = """
torch.manual_seed(0)
net = nn.Linear(4, 1); opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for i in range(100):
        loss = net(torch.randn(8, 4)).pow(2).mean()
        opt.zero_grad(); loss.backward(); opt.step()
"""


async def test_training_reaches_the_snapshot_while_it_runs(session: Session) -> None:
    endless = LOOP.replace("range(3)", "range(10 ** 9)")
    session.run(Code("live", endless))
    snapshot = await until(
        session,
        lambda s: s.observed.training.block == "live" and s.observed.training.steps > 300,
    )
    assert snapshot.running == "live"
    assert not snapshot.observed.training.over
    session.interrupt()
    done = await until(session, lambda s: not s.running and s.phase == "ready")
    assert done.observed.training.over
    assert done.observed.line == 0


async def test_reruns_are_kept_to_compare_and_gradients_are_named(session: Session) -> None:
    for _ in range(4):
        await run_cell(session, LOOP, "train")
    snapshot = await run_cell(session, LOOP, "train")
    training = snapshot.observed.training
    assert training.steps == 300
    assert len(training.curves[0].series) == 300
    assert len(training.earlier) == 3
    names = [row.name for row in snapshot.observed.gradients.groups[0].rows]
    assert names == ["net.weight", "net.bias"]
    after = await run_cell(session, "1 + 1", "other")
    assert after.observed.training == training, "another cell that trains nothing changes nothing"


async def test_a_number_that_an_earlier_cell_left_is_not_followed(session: Session) -> None:
    await run_cell(session, "share = torch.tensor(0.9).item()", "before")
    kept = LOOP + "    share = torch.tensor(0.1 * epoch).item()\n"
    tracked = (await run_cell(session, kept, "train")).observed.training.tracked
    (share,) = (one for one in tracked if one.name == "share")
    values = [value for _, value in share.series]
    assert 0.9 not in values
    assert abs(values[-1] - 0.2) < 1e-6
