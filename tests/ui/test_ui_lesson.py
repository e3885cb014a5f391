"""A learner works through a real lesson with a real worker."""

from __future__ import annotations

from tests.ui.conftest import Open
from tutor.session.session import Session


async def test_a_cell_runs_and_shows_its_output_and_its_tensors(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, "tensors/create") as driver:
        await driver.shows("Rain on a roof", "not run")
        await driver.press("f5")
        await driver.shows("✓ done", "tensor([80., 10., 50.])", "rain")
