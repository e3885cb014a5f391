"""The worker's distributed runs: cells that run on ranks, and torch's own ways to start them."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tutor.wire.control import Policy
from tutor.wire.messages import CellFailed
from tutor.wire.observed.ranks import RanksSeen
from tutor.worker import own
from tutor.worker.intact import Intact
from tutor.worker.observe.observer import Observer, Run
from tutor.worker.own import is_own
from tutor.worker.ranks.course import Verdict, first_line, late, lost
from tutor.worker.ranks.launch import Launch, Plan
from tutor.worker.ranks.nursery import Launcher, Nursery, Source
from tutor.worker.ranks.output import Kept, labelled
from tutor.worker.ranks.program import program_of
from tutor.worker.ranks.shipping import parcel

CELL_PATIENCE = 5.0
"""Seconds after which a collective of a `ranks=` cell gives up, unless its code says otherwise."""
SPAWN_PATIENCE = 30.0
"""The same for ranks that the learner's own code starts."""
SCRIPT_PATIENCE = 1800.0
"""The same for ranks of a script, which is used to torch's own patience."""
_VERDICT = "_tutor_verdict"
_write = os.write


class RankFailed(Exception):
    """A rank of a cell went wrong."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict
        setattr(self, _VERDICT, verdict)

    def told(self) -> str:
        """`Rank 1 raised ValueError in line 3: no such row`."""
        sentence = f"{self.verdict.sentence[:1].upper()}{self.verdict.sentence[1:]}"
        failure = self.verdict.failure
        if failure is None or self.verdict.code is not None or not failure.message:
            return f"{sentence}."
        return f"{sentence}: {first_line(failure.message)}"


class Ranks(Observer):
    """Make it before any learner code runs: where that is safe it forks the nursery."""

    def __init__(self, policy: Policy, names: dict[str, Any], intact: Intact) -> None:
        self._names = names
        self._intact = intact
        self._threads = policy.threads
        self._run: Run | None = None
        self._open: list[Launch] = []
        self.watch = True
        self._source: Source = Launcher()
        if policy.network != "none" and sys.platform.startswith("linux"):
            self._source = Nursery()

    # -------------------------------------------------------------- an observer

    def begin(self, run: Run) -> None:
        self._run = run

    def end(self, run: Run) -> None:
        """Ranks that the cell started and left behind end with it."""
        self._run = None
        while self._open:
            self._open.pop().end()

    # -------------------------------------------------------------- starting

    def run_main(self, run: Run, world: int) -> list[Any]:
        """Run the cell's `main(rank, world)` on `world` ranks; what each returned.

        Raises:
            RankFailed: a rank went wrong. NameError: the cell defines no `main`.
            ShippingError, LaunchError: it could not be started.
        """
        main = run.names.get("main")
        if not callable(main) or not binds(run.source, "main"):
            raise NameError(
                f"This cell runs on {world} ranks, so it has to define `main(rank, world)`."
            )
        return self.run(world, main, join_group="init_process_group")

    def run(
        self,
        world: int,
        function: Any,
        *arguments: Any,
        join_group: str | None = None,
        seconds: float | None = None,
        block: str = "",
    ) -> list[Any]:
        """Run `function(rank, world, *arguments)` on `world` ranks; what each returned. Every
        rank has copies of the arguments.

        join_group: the ranks join the process group first, unless the function's code holds this
        name. seconds: how long they may take; then, too, a result that got lost is an error.
        block: whose lines are told where no cell runs. Raises as `run_main`.
        """
        packed = parcel(function, arguments, self._names, share=False)
        meets = join_group is not None and join_group.encode() not in packed.function
        kept = Kept()
        launch = self._launch(
            Plan(
                world,
                "cell",
                *self._place(block),
                packed,
                CELL_PATIENCE,
                max(1, self._threads // world),
                meets,
                self.watch,
                _sources(),
            ),
            kept.add,
        )
        try:
            in_time = launch.wait(seconds)
        finally:
            self._close(launch)
            for line in kept.lines():
                _print(line)
        if launch.verdict is not None:
            raise RankFailed(launch.verdict)
        if seconds is not None:
            overdue = None if in_time else late(launch.courses, seconds)
            wrong = overdue or lost(launch.courses)
            if wrong is not None:
                raise RankFailed(wrong)
        return [launch.result(rank) for rank in range(world)]

    def launch(self, function: Any, arguments: tuple[Any, ...], world: int) -> Launch:
        """Start `function(rank, *arguments)` as `torch.multiprocessing.spawn` does; whoever calls
        this waits for it. Raises ShippingError, LaunchError."""
        path, block = own.script()
        by_name = bool(path)
        packed = parcel(function, arguments, self._names, share=True, by_name=by_name)
        return self._launch(
            Plan(
                world,
                "spawn",
                *self._place(),
                packed,
                SCRIPT_PATIENCE if by_name else SPAWN_PATIENCE,
                max(1, self._threads // world),
                False,
                self.watch,
                _sources(),
                program_of(path, block) if by_name else None,
            ),
            lambda rank, line: _print(labelled(rank, line)),
        )

    def ours(self, action: Callable[[], Any]) -> Any:
        """Do `action` in the midst of learner code, with Python as it was."""
        return self._intact.run(action)

    def close(self, launch: Launch) -> None:
        """End what is left of it."""
        self._close(launch)

    # -------------------------------------------------------------- inside

    def _place(self, block: str = "") -> tuple[int, str]:
        return (self._run.number, self._run.block) if self._run else (0, block)

    def _launch(self, plan: Plan, printed: Callable[[int, str], None]) -> Launch:
        run = self._run

        def tell(message: RanksSeen) -> None:
            if run is not None and self.watch:
                run.emit(message)

        launch = Launch(plan, self._source, tell=tell, printed=printed)
        self._open.append(launch)
        return launch

    def _close(self, launch: Launch) -> None:
        launch.end()
        if launch in self._open:
            self._open.remove(launch)


def failure_told(error: BaseException, run: int, told: CellFailed) -> CellFailed:
    """`told`, or what a rank said of itself where `error` is the end of a distributed run."""
    verdict = getattr(error, _VERDICT, None)
    if not isinstance(verdict, Verdict):
        return told
    failure, sentence = verdict.failure, f"{verdict.sentence[:1].upper()}{verdict.sentence[1:]}."
    if not isinstance(error, RankFailed):
        if failure is None:
            return told
        kind, message = told.kind, told.message
    elif failure is None or verdict.code is not None:
        kind, message = "ProcessExitedException", sentence
    else:
        kind, message = failure.kind, f"rank {verdict.rank}: {failure.message}\n\n{sentence}"
    if failure is None:
        return CellFailed(run, kind, message)
    return CellFailed(
        run, kind, message, failure.frames, failure.line, failure.column, failure.explanation
    )


def mark(error: BaseException, verdict: Verdict) -> None:
    """Let `failure_told` know the story behind `error`."""
    setattr(error, _VERDICT, verdict)


def binds(source: str, name: str) -> bool:
    """True when the cell itself gives something this name."""
    for statement in ast.parse(source).body:
        if getattr(statement, "name", None) == name:
            return True
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
                return True
            if isinstance(node, ast.alias) and (node.asname or node.name) == name:
                return True
    return False


def _sources() -> Mapping[str, str]:
    cells = [file for file in linecache.cache if is_own(file)]
    return {file: "".join(linecache.getlines(file)) for file in cells}


def _print(line: str) -> None:
    data = f"{line}\n".encode("utf-8", "replace")
    while data:
        data = data[_write(1, data) :]
