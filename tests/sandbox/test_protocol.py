"""Bytes that learner code writes on the wire to the app: what is not a legal message ends the
worker, and what is one says nothing that the learner could not say anyway."""

from __future__ import annotations

import pytest

from tests.sandbox.boxes import Box
from tutor.session.api import Code
from tutor.session.worker import Worker

FRAME = """
import json, struct
def send(header, body=b'', length=None, size=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    data = struct.pack('<II', len(header) if length is None else length, len(body) if size is None else size)
    data += header + body
    while data: data = data[os.write(900, data):]
"""  # noqa: E501
ENDS_IT = {
    "74 garbage": "os.write(900, bytes([255] * 100_000))",
    "75 a frame of 4 GB": "send(b'{}', length=0xffffffff, size=0xffffffff)",
    "76 nesting without end": "send(b'[' * 200_000)",
    "76 a huge number": 'send(b\'{"t":"Displayed","run":\' + b\'9\' * 100_000 + b\',"text":"x"}\')',
    "76 not a number": 'send(b\'{"t":"CellFinished","run":1,"ok":true,"seconds":NaN}\')',
    "77 wrong types": "send({'t': 'Displayed', 'run': [], 'text': 7})",
    "77 a field too many": "send({'t': 'Displayed', 'run': 1, 'text': '', 'passed': True})",
    "78 frames of nothing": "for _ in range(2000): send({'t': 'x'})",
    "79 a verdict": "send({'t': 'Judged', 'nonce': '0', 'passed': True})",
    "79 words of the app": "send({'t': 'RunCell', 'run': 1, 'block': 'b', 'source': ''})",
}


@pytest.mark.parametrize("name", ENDS_IT)
async def test_what_is_no_message_ends_the_worker(confined: Box, name: str) -> None:
    wait = "\nwhile True: time.sleep(1)"
    run = await confined.run(f"{FRAME}\n{ENDS_IT[name]}{wait}", timeout=10)
    assert run.lost.startswith("broke the protocol: ")
    assert (await confined.run("print('next')")).output == "next\n"


async def test_a_legal_message_arrives(confined: Box) -> None:
    """The control: what learner code writes there does reach the app."""
    run = await confined.run(FRAME + "send({'t': 'Displayed', 'run': 7, 'text': 'forged'})")
    assert any(getattr(message, "text", "") == "forged" for message in run.messages)
    assert not run.lost


async def test_79_a_forged_end_is_not_the_end(confined: Box) -> None:
    forged = "send({'t': 'CellFinished', 'run': 99, 'ok': True, 'seconds': 0.0})"
    worker = Worker(await confined.spawn())
    source = confined.program(f"{FRAME}\n{forged}\nraise ValueError('the truth')")
    outcome = await worker.run(Code("cell", source), 1)
    await worker.end()
    assert outcome.state == "error"
    assert outcome.problem is not None
    assert outcome.problem.message == "the truth"
