"""One warm zygote for each tier that this machine can do, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.sandbox.boxes import Box, Boxes
from tests.sandbox.outside import Outside, make_outside
from tutor.sandbox.isolation import Unavailable
from tutor.sandbox.platform import choose

CONFINED = ("strong", "good")
TIERS = (*CONFINED, "process-only")
OLDER_KERNELS = ("good-4", "good-3")
"""Landlock as it was in Linux 6.7 (Ubuntu 24.04) and 6.2 (WSL 2)."""


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    outside = make_outside(tmp_path_factory.mktemp("outside"))
    yield outside
    outside.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def boxes(outside: Outside) -> AsyncIterator[Boxes]:
    boxes = Boxes(outside)
    yield boxes
    await boxes.close()


@pytest_asyncio.fixture(loop_scope="session", params=TIERS)
async def any_box(request: pytest.FixtureRequest, boxes: Boxes) -> Box:
    """Each tier in turn, the one that confines nothing, too: the control."""
    return await _available(boxes, request.param)


@pytest_asyncio.fixture(loop_scope="session", params=OLDER_KERNELS)
async def older(request: pytest.FixtureRequest, boxes: Boxes) -> Box:
    """The tier without namespaces as it is on older kernels."""
    return await _available(boxes, request.param)


@pytest_asyncio.fixture(loop_scope="session", params=CONFINED)
async def confined(request: pytest.FixtureRequest, boxes: Boxes) -> Box:
    """Each tier that confines."""
    return await _available(boxes, request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def free(boxes: Boxes) -> Box:
    """The tier that confines nothing."""
    return await boxes.of("process-only")


@pytest_asyncio.fixture(loop_scope="session")
async def box(boxes: Boxes) -> Box:
    """The best tier of this machine."""
    for tier in TIERS:
        try:
            choose().detect(tier)
        except Unavailable:
            continue
        return await boxes.of(tier)
    raise AssertionError("no tier at all")


_absent: dict[str, str] = {}


async def _available(boxes: Boxes, name: str) -> Box:
    tier = name if name == "process-only" else name.partition("-")[0]
    if tier not in _absent:
        try:
            choose().detect(tier)
            _absent[tier] = ""
        except Unavailable as why:
            _absent[tier] = str(why)
    if _absent[tier]:
        pytest.skip(_absent[tier])
    return await boxes.of(name)
