"""Workers that can start ranks: the same as others, but with the loopback network."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.worker.children import POLICY, Child, Template
from tutor.wire.messages import CellFinished, RunCell
from tutor.wire.observed.ranks import RanksSeen
from tutor.zygote.tree import descendants

LOOPBACK = msgspec.structs.replace(POLICY, network="loopback")


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    warm = Template("from tutor.zygote import preload; preload.import_extras()")
    yield warm
    warm.close()


@pytest.fixture
def worker(template: Template) -> Iterator[Child]:
    child = template.start("worker", LOOPBACK)
    yield child
    child.close()


def on_ranks(worker: Child, source: str, world: int = 2, block: str = "a") -> list[Any]:
    """Run a `ranks=` cell to its end; every message that it caused."""
    begin(worker, source, world, block)
    return worker.until(CellFinished)


def begin(worker: Child, source: str, world: int = 2, block: str = "a") -> None:
    worker.runs += 1
    worker.send(RunCell(worker.runs, block, source, world))


def last_seen(messages: list[Any]) -> RanksSeen:
    """The final state of all ranks."""
    return [message for message in messages if isinstance(message, RanksSeen)][-1]


def only_the_nursery_is_left(worker: Child) -> bool:
    """No process of a run is there any more. One that is just ending gets a second for it."""
    while len(left := descendants(worker.pid)) > 1:
        handles = [handle for pid in left if (handle := _handle(pid)) >= 0]
        ended = select.select(handles, [], [], 1)[0]
        for handle in handles:
            os.close(handle)
        if not ended and len(handles) == len(left):
            return False
    return len(left) == 1


def _handle(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return -1
