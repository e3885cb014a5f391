"""Ending the app politely when the system asks for it, and when its terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any

from textual.app import App

PATIENCE = 8.0
"""Seconds that saving and ending the worker may take; the app is then left as it is."""
_SIGNALS = ("SIGTERM", "SIGHUP")


async def show(app: App[Any]) -> int:
    """Run the app to its end. Returns 0, or 128 + N when signal N ended it.

    Everything is saved and the worker ended, just as if the learner had quit.
    """
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def leave(number: int) -> None:
        if received:
            return
        received.append(number)
        _insist(128 + number)
        if number == signal.SIGHUP:
            _let_go_of_terminal()
        app.exit()

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        # `nohup` set it to be ignored: that is what the learner wants.
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, leave, number)
    await app.run_async()
    return 128 + received[0] if received else 0


def _insist(code: int) -> None:
    timer = threading.Timer(PATIENCE, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _let_go_of_terminal() -> None:
    """Writing to a terminal that has hung up fails, which would end the drawing thread while the
    app waits for it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(nothing, stream.fileno())
    os.close(nothing)
