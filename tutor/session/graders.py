"""The spare grader: forked before it is needed, so that a verdict does not wait for it."""

from __future__ import annotations

import asyncio
import contextlib

from tutor.session.api import SessionError
from tutor.session.connection import Connection
from tutor.session.zygote import Zygote


class Graders:
    """Hands out graders and keeps one in reserve. Belongs to the loop of its zygote."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote
        self._closed = False
        self.spare: asyncio.Future[Connection] | None = None

    async def take(self) -> Connection:
        """The spare, else a new one. Raises SessionError, OSError when none can be started."""
        spare, self.spare = self.spare, None
        grader: Connection | None = None
        if spare is not None:
            with contextlib.suppress(SessionError, OSError):
                grader = await spare
        if grader is None or not grader.alive:
            grader = await self._zygote.spawn("grader")
        return grader

    def take_back(self, grader: Connection) -> None:
        """`grader` has judged and may judge again."""
        if self.spare is None and not self._closed:
            self.spare = asyncio.get_running_loop().create_future()
            self.spare.set_result(grader)
        else:
            grader.end("was dismissed")

    def keep_one(self) -> None:
        """Start a spare where there is none; returns at once."""
        if not self._closed and self.spare is None:
            self.spare = asyncio.ensure_future(self._zygote.spawn("grader"))

    async def close(self) -> None:
        """End the spare, started or on its way."""
        self._closed = True
        spare = self.spare
        if spare is None:
            return
        spare.cancel()
        await asyncio.gather(spare, return_exceptions=True)
        if spare.done() and not spare.cancelled() and not spare.exception():
            await spare.result().kill()
