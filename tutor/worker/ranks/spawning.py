"""`torch.multiprocessing.spawn` and `start_processes` for functions that cells define.

The ranks come from the nursery, so they start in a tenth of a second and may use functions and
classes of cells, which an ordinary child process could not find.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch.multiprocessing

from tutor.worker.ranks.course import Verdict
from tutor.worker.ranks.distributed import Ranks, mark
from tutor.worker.ranks.launch import Launch

_mp: Any = torch.multiprocessing
_getpid = os.getpid
_module: Any = sys.modules["torch.multiprocessing.spawn"]
_Context: Any = _mp.ProcessContext


def install(ranks: Ranks) -> None:
    """Replace both functions, for this process alone."""
    process = _getpid()
    original: Callable[..., Any] = _module.start_processes

    def start_processes(
        fn: Any,
        args: tuple[Any, ...] = (),
        nprocs: int = 1,
        join: bool = True,
        daemon: bool = False,
        start_method: str = "spawn",
    ) -> Any:
        if _getpid() != process:  # a child that the learner's code forked
            return original(fn, args, nprocs, join, daemon, start_method)
        context = ranks.ours(lambda: RankContext(ranks, ranks.launch(fn, tuple(args), nprocs)))
        if not join:
            return context
        try:
            while not context.join():
                pass
        finally:
            ranks.ours(context.close)
        return None

    def spawn(
        fn: Any,
        args: tuple[Any, ...] = (),
        nprocs: int = 1,
        join: bool = True,
        daemon: bool = False,
        start_method: str = "spawn",
    ) -> Any:
        if start_method != "spawn":
            warnings.warn(
                f"This method only supports start_method=spawn (got: {start_method}).",
                FutureWarning,
                stacklevel=2,
            )
        return start_processes(fn, args, nprocs, join, daemon, "spawn")

    start_processes.__doc__, spawn.__doc__ = original.__doc__, _module.spawn.__doc__
    for module in (_mp, _module):
        module.start_processes, module.spawn = start_processes, spawn


class RankProcess:
    """What a `ProcessContext` shows of one rank."""

    def __init__(self, launch: Launch, rank: int) -> None:
        self._launch, self._rank = launch, rank
        self.name = f"rank {rank}"

    @property
    def exitcode(self) -> int | None:
        return self._launch.courses[self._rank].code

    def is_alive(self) -> bool:
        self._launch.wait(0)
        return self.exitcode is None

    def join(self, timeout: float | None = None) -> None:
        self._launch.wait(timeout)


class RankContext(_Context):
    """Like torch's own, over ranks of the nursery."""

    def __init__(self, ranks: Ranks, launch: Launch) -> None:
        self._ranks, self._launch = ranks, launch
        self.processes = [RankProcess(launch, rank) for rank in range(len(launch.courses))]
        self.error_files: list[str] = []
        self.sentinels: dict[int, int] = {}

    def pids(self) -> list[int]:
        return self._launch.pids()

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """True when all are done; raises what torch's raises when one went wrong."""
        over = self._ranks.ours(lambda: self._launch.wait(timeout))
        if over:
            self._ranks.ours(self.close)
            if self._launch.verdict is not None:
                raise self._error(self._launch.verdict)
        return over

    def close(self) -> None:
        """End what is left."""
        self._ranks.close(self._launch)

    def _error(self, verdict: Verdict) -> Exception:
        rank, code = verdict.rank, verdict.code
        pid = self._launch.pids()[rank]
        error: Exception
        if code is None:
            message = f"\n\n-- Process {rank} terminated with the following error:\n{verdict.trace}"
            error = _mp.ProcessRaisedException(message, rank, pid)
        elif code < 0:
            name = _signal_name(-code)
            message = f"process {rank} terminated with signal {name}"
            error = _mp.ProcessExitedException(message, rank, pid, code, name)
        else:
            message = f"process {rank} terminated with exit code {code}"
            error = _mp.ProcessExitedException(message, rank, pid, code)
        mark(error, verdict)
        return error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"<Unknown signal {number}>"
