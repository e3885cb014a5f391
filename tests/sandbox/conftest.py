"""One warm zygote for each tier that this machine can do, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.sandbox.boxes import Box, Outside, close_outside, make_outside, open_box
from tutor.sandbox.isolation import Unavailable
from tutor.sandbox.platform import choose

TIERS = ("strong", "good", "process-only")


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    outside = make_outside(tmp_path_factory.mktemp("outside"))
    yield outside
    close_outside(outside)


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=TIERS)
async def any_box(request: pytest.FixtureRequest, outside: Outside) -> AsyncIterator[Box]:
    """Each tier in turn, the one that confines nothing, too: the control."""
    _need(request.param)
    async with open_box(request.param, outside) as box:
        yield box


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def box(outside: Outside) -> AsyncIterator[Box]:
    """The best tier of this machine."""
    async with open_box("", outside) as box:
        yield box


def _need(tier: str) -> None:
    try:
        choose().detect(tier)
    except Unavailable as why:
        pytest.skip(str(why))
