"""What a rank says to its worker, and the order that a keeper gets. Never leaves the sandbox."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tutor.wire.base import Message
from tutor.wire.messages import CellFailed
from tutor.wire.observed.ranks import RankCall, RankGradient


class Program(Message, frozen=True, tag=True):
    """The script that starts the ranks, for Python to import again, as `spawn` does: its file,
    its block, and how the process stood that ran it."""

    path: str
    block: str
    arguments: tuple[str, ...]
    search: tuple[str, ...]
    cwd: str


class Order(Message, frozen=True, tag=True):
    """Start `world` ranks. The packed function and arguments follow as raw bytes.

    style: `cell` calls `function(rank, world, *arguments)`, `spawn` calls it without `world`, as
    `torch.multiprocessing.spawn` does. meet: join the process group before the call.
    timeout: seconds after which a collective gives up, where the learner's code names no time.
    sources: text of the cells by file name, for tracebacks.
    program: functions and classes go by name and are found in this script.
    """

    world: int
    style: Literal["cell", "spawn"]
    run: int
    block: str
    folder: str
    timeout: float
    threads: int
    meet: bool
    watch: bool
    sizes: tuple[int, int]
    sources: dict[str, str] = {}
    program: Program | None = None


class Began(Message, frozen=True, tag=True):
    """The rank's function has arrived. `at` is on the clock that all ranks share."""

    at: float
    pid: int


class Tick(Message, frozen=True, tag=True):
    """What has been counted so far. broke: the exchange that raised."""

    line: int
    step: int
    loss: str
    op: str
    op_seconds: float
    samples: tuple[int, ...]
    samples_hidden: int
    seconds: float
    talking: float
    counts: tuple[tuple[str, int], ...]
    gradient: RankGradient | None = None
    broke: str = ""


class Called(Message, frozen=True, tag=True):
    """One of the first calls of a function of `torch.distributed`."""

    call: RankCall


class Failed(Message, frozen=True, tag=True):
    """The rank's function raised. `code` is set where it asked Python to exit."""

    at: float
    failure: CellFailed
    trace: str
    code: int | None = None


class Returned(Message, frozen=True, tag=True):
    """The rank's function is done; its packed value is the body. `note`: why there is none."""

    at: float
    note: str = ""


class Ended(Message, frozen=True, tag=True):
    """keeper → worker: the process of this rank is gone; exit code, negative = signal."""

    rank: int
    code: int


FromRank = Began | Tick | Called | Failed | Returned
_from_rank = msgspec.json.Decoder(FromRank)
_from_keeper = msgspec.json.Decoder(Ended)
_order = msgspec.json.Decoder(Order)


def from_rank(header: bytes) -> Any:
    """The message in `header`. Raises msgspec.MsgspecError."""
    return _from_rank.decode(header)


def from_keeper(header: bytes) -> Ended:
    """Raises msgspec.MsgspecError."""
    return _from_keeper.decode(header)


def order_in(header: bytes) -> Order:
    """Raises msgspec.MsgspecError."""
    return _order.decode(header)
