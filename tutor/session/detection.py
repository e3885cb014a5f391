"""Asking a process of its own which devices torch finds here."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from tutor.session.api import SessionError
from tutor.session.snapshot import Machine
from tutor.session.zygote import Zygote
from tutor.text import sanitize
from tutor.wire.messages import DevicesFound

TIMEOUT = 30.0


async def find_devices(zygote: Zygote) -> DevicesFound:
    """What the detection process found.

    Raises:
        SessionError: it ended without an answer. TimeoutError: it gave none.
    """
    answer: asyncio.Future[DevicesFound] = asyncio.get_running_loop().create_future()
    connection = await zygote.spawn("detect")

    def heard(message: Any, body: bytes) -> None:
        if isinstance(message, DevicesFound) and not answer.done():
            answer.set_result(message)

    def closed(reason: str) -> None:
        if not answer.done():
            answer.set_exception(SessionError(f"Looking for devices failed: the process {reason}."))

    connection.on_message, connection.on_closed = heard, closed
    try:
        return await asyncio.wait_for(answer, TIMEOUT)
    finally:
        await connection.kill()


def machine_of(found: DevicesFound, device: Any) -> Machine:
    """What was found, with the device that cells use."""
    return Machine(
        torch=found.torch,
        python=found.python,
        device=device,
        devices=found.devices,
        cores=os.cpu_count() or 1,
        threads=found.threads,
        notes=tuple(map(sanitize, found.notes)),
    )
