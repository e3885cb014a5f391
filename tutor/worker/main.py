"""The learner's process: take requests from the wire, one at a time, until the app is gone."""

from __future__ import annotations

import os

from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel, ProtocolError
from tutor.wire.messages import AnswerInput, Inspect, Question, Quit, Ready, RunCell, decode
from tutor.worker.answers import Answers
from tutor.worker.asking import Asking
from tutor.worker.cells import Cells
from tutor.worker.devices import resolve
from tutor.worker.display import Display
from tutor.worker.intact import Intact
from tutor.worker.interrupts import Interrupts
from tutor.worker.namespace import fresh_main, settle
from tutor.worker.observe.detail import inspect_tensor
from tutor.worker.observe.tensors import TensorWatch
from tutor.worker.streams import Streams

_exit = os._exit


def main(channel: BlockingChannel, policy: Policy) -> None:
    """Serve the app over `channel`; descriptors 1 and 2 are the output pipe. Does not return."""
    settle(policy.threads)
    # A child that the learner's code forks must neither hold the wire nor speak on it.
    os.register_at_fork(after_in_child=channel.close)
    display = Display(channel)
    main_module = fresh_main(resolve(policy.device), display.show)
    asking = Asking(channel, _leave)
    cells = Cells(
        channel=channel,
        main=main_module,
        display=display,
        asking=asking,
        streams=Streams(asking),
        intact=Intact(),
        interrupts=Interrupts(channel),
        watch=TensorWatch(vars(main_module)),
    )
    answers = Answers(cells)
    channel.send(Ready(os.getpid()))
    while True:
        try:
            header, body = channel.receive()
            message = decode("to_worker", header)
        except (EOFError, OSError, ProtocolError, ValueError):
            _exit(0)
        match message:
            case RunCell():
                answers.forget()
                cells.run(message)
            case Question():
                answers.answer(message, body)
            case Inspect():
                names, skipped = vars(main_module), cells.watch.preloaded
                channel.send(inspect_tensor(names, skipped, message.path))
            case AnswerInput():
                pass  # typed too late: the cell that asked has ended
            case Quit():
                _exit(0)


def _leave() -> None:
    _exit(0)
