"""Run one cell on a session and wait for its end."""

from __future__ import annotations

import asyncio

from tutor.session.api import Code, SessionAPI, SessionError
from tutor.session.snapshot import CellRun, Snapshot

PATIENCE = 30.0
"""Seconds beyond a cell's own limit after which the session itself is taken to be stuck."""


async def run_code(session: SessionAPI, code: Code) -> CellRun:
    """The finished run, however it ended.

    Raises:
        SessionError: there is no worker to run it.
    """
    done: asyncio.Future[CellRun] = asyncio.get_running_loop().create_future()
    before = session.snapshot.runs.get(code.block)
    last = before.run if before is not None else 0

    def heard(snapshot: Snapshot) -> None:
        if done.done():
            return
        run = snapshot.runs.get(code.block)
        if snapshot.phase == "failed":
            done.set_exception(SessionError(snapshot.sentence))
        elif run is not None and run.run > last and run.state not in ("queued", "running"):
            done.set_result(run)

    unsubscribe = session.subscribe(heard)
    try:
        session.run(code)
        return await asyncio.wait_for(done, code.timeout + PATIENCE)
    except TimeoutError:
        raise SessionError(f"The session never said how `{code.block}` ended.") from None
    finally:
        unsubscribe()
