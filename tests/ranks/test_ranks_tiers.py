"""Ranks in every sandbox of this machine: they start, they talk, and nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import select

import pytest

from tests.sandbox.boxes import Box, Boxes, run_in
from tests.sandbox.conftest import OLDER_KERNELS, TIERS, _available, boxes, outside
from tutor.session.connection import Connection
from tutor.session.usage import descendants
from tutor.wire.messages import RunCell
from tutor.wire.observed.ranks import RanksSeen

__all__ = ["boxes", "outside"]

SUM = """
def main(rank, world):
    x = torch.tensor([float(rank + 1)])
    torch.distributed.all_reduce(x)
    return x.item()
"""
ONE_FAILS = """
from torch.utils.data import DataLoader
def main(rank, world):
    loader = iter(DataLoader(list(range(99)), num_workers=1))
    next(loader)
    torch.distributed.barrier()
    if rank == 1:
        raise ValueError("no")
    while True:
        pass
"""


@pytest.mark.parametrize("name", [*TIERS, *OLDER_KERNELS])
async def test_ranks_work_and_end_in_every_sandbox(boxes: Boxes, name: str) -> None:
    box = await _available(boxes, name)
    connection = await box.spawn(network="loopback")
    try:
        await run_in(connection, "1")
        before = set(descendants(box.root))
        first = await on_ranks(connection, SUM)
        assert first.endswith("[3.0, 3.0]"), first
        second = await on_ranks(connection, ONE_FAILS)
        assert "rank 1: no" in second
        await all_ended(box, before)
        assert (await on_ranks(connection, SUM)).endswith("[3.0, 3.0]")
    finally:
        await connection.kill()


async def on_ranks(connection: Connection, source: str) -> str:
    """Run a cell on two ranks; its error, or its value."""
    send = connection.send

    def marked(message: object, body: bytes = b"") -> None:
        if isinstance(message, RunCell):
            message = RunCell(message.run, message.block, message.source, 2)
        send(message, body)

    connection.send = marked  # type: ignore[method-assign]
    try:
        run = await run_in(connection, source, timeout=60)
    finally:
        connection.send = send  # type: ignore[method-assign]
    assert run.finished is not None, run.lost
    assert any(isinstance(message, RanksSeen) and message.over for message in run.messages)
    if run.failed is not None:
        return run.failed.message
    return next(message.text for message in run.messages if hasattr(message, "truncated"))


async def all_ended(box: Box, before: set[int]) -> None:
    """Every process that was not there `before` is gone, or goes within seconds."""
    loop = asyncio.get_running_loop()
    for pid in set(descendants(box.root)) - before:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended = await loop.run_in_executor(None, select.select, [handle], [], [], 8)
        os.close(handle)
        assert ended[0], f"process {pid} was left behind in {box.tier}"
