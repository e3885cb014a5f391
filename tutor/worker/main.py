"""The learner's process: take requests from the wire, one at a time, until the app is gone."""

from __future__ import annotations

import os
import select
import traceback

from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel, ProtocolError
from tutor.wire.messages import (
    AnswerInput,
    Inspect,
    Question,
    Quit,
    Ready,
    RunCell,
    Trace,
    Traced,
    decode,
)
from tutor.worker import children
from tutor.worker.answers import Answers
from tutor.worker.asking import Asking
from tutor.worker.cells import Cells
from tutor.worker.devices import resolve
from tutor.worker.display import Display
from tutor.worker.intact import Intact
from tutor.worker.interrupts import Interrupts
from tutor.worker.namespace import fresh_main, settle
from tutor.worker.observe.all import observers
from tutor.worker.observe.detail import inspect_tensor
from tutor.worker.observe.graph.observer import GraphObserver
from tutor.worker.observe.observer import Observers
from tutor.worker.observe.sink import Sink
from tutor.worker.observe.tensors import TensorWatch
from tutor.worker.ranks import spawning
from tutor.worker.ranks.distributed import Ranks
from tutor.worker.streams import Streams

_exit, _select = os._exit, select.select
_LAST_SECONDS = 5.0
"""How long a worker without descriptors waits to be ended by the app."""


def main(channel: BlockingChannel, policy: Policy) -> None:
    """Serve the app over `channel`; descriptors 1 and 2 are the output pipe. Does not return."""
    settle(policy.threads)
    # A child that the learner's code forks must neither hold the wire nor speak on it.
    os.register_at_fork(after_in_child=channel.close)
    intact = Intact()
    display = Display(channel, intact)
    main_module = fresh_main(resolve(policy.device), display.show, policy.assets)
    ranks = Ranks(policy, vars(main_module), intact)
    spawning.install(ranks)
    children.install(main_module)
    asking = Asking(channel, intact, _leave)
    cells = Cells(
        channel=channel,
        main=main_module,
        display=display,
        asking=asking,
        streams=Streams(asking),
        intact=intact,
        interrupts=Interrupts(channel),
        watch=TensorWatch(vars(main_module)),
        observers=Observers((*observers(), ranks)),
        sink=Sink(channel),
        ranks=ranks,
    )
    answers = Answers(cells)
    channel.send(Ready(os.getpid()))
    while True:
        try:
            serve_one(channel, cells, answers)
        except KeyboardInterrupt:
            continue  # it came in the instant between the learner's code and ours
        except (EOFError, ProtocolError):
            _exit(0)
        except (OSError, ValueError):
            # The learner's code closed our descriptors. The app sees that and ends us, naming it.
            _select([], [], [], _LAST_SECONDS)
            _exit(1)
        except BaseException:
            # Ours to mend, but no request may wait for ever: the app replaces an ended worker.
            traceback.print_exc()
            cells.streams.flush()
            _exit(1)


def serve_one(channel: BlockingChannel, cells: Cells, answers: Answers) -> None:
    """Wait for one request and do it.

    Raises:
        EOFError: the app is gone. ProtocolError: it is not the app that speaks.
        OSError: the channel is closed on our side.
    """
    header, body = channel.receive()
    match decode("to_worker", header):
        case RunCell() as request:
            answers.forget()
            cells.run(request)
        case Question() as question:
            answers.answer(question, body)
        case Inspect() as request:
            names, skipped = vars(cells.main), cells.watch.preloaded
            channel.send(inspect_tensor(names, skipped, request.path))
        case Trace() as request:
            _trace(channel, cells, request.path)
        case AnswerInput():
            pass  # typed too late: the cell that asked has ended
        case Quit():
            _exit(0)


def _trace(channel: BlockingChannel, cells: Cells, path: str) -> None:
    observer = cells.observers.of_kind(GraphObserver)
    found = observer.of_tensor(vars(cells.main), cells.watch.preloaded, path, cells.number)
    if isinstance(found, str):
        channel.send(Traced(path, reason=found))
    else:
        channel.send(Traced(path, found))


def _leave() -> None:
    _exit(0)
