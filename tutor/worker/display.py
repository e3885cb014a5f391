"""Values shown below a cell: the last expression, and what `show(x)` is given."""

from __future__ import annotations

import os
from typing import Any

from tutor.plain import clip
from tutor.wire.frames import BlockingChannel
from tutor.wire.messages import Displayed
from tutor.worker.intact import Intact

TEXT_LIMIT = 20_000
"""Characters of one value."""
VALUES_LIMIT = 100
"""Values shown in one run."""

_getpid, _print, _repr, _str, _type = os.getpid, print, repr, str, type


class Display:
    """Sends values of the run that is under way; outside of a run it shows nothing."""

    def __init__(self, channel: BlockingChannel, intact: Intact) -> None:
        self._channel = channel
        self._intact = intact
        self._process = _getpid()
        self._run = 0
        self._shown = 0

    def begin(self, run: int) -> None:
        self._run, self._shown = run, 0

    def end(self) -> None:
        self._run = 0

    def show(self, value: Any) -> None:
        """Show `value` below the cell: text as it is, anything else by its repr."""
        if _getpid() != self._process:
            _print(value)
            return
        if not self._run:
            return
        self._shown += 1
        if self._shown <= VALUES_LIMIT:
            self._send(value if _type(value) is _str else _repr(value))
        elif self._shown == VALUES_LIMIT + 1:
            self._send(f"… more than {VALUES_LIMIT} values; the others were not shown")

    def result(self, value: Any) -> None:
        """Show the value of a cell's last expression, always by its repr: the run ends now, and
        the value travels with its end."""
        if _getpid() == self._process:
            text = _repr(value)
            self._intact.run(lambda: self._channel.hold(_displayed(self._run, text)))

    def _send(self, text: str) -> None:
        self._intact.run(lambda: self._channel.send(_displayed(self._run, text)))


def _displayed(run: int, text: str) -> Displayed:
    return Displayed(run, clip(text, TEXT_LIMIT), len(text) > TEXT_LIMIT)
