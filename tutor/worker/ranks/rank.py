"""The life of one rank: get the function, meet, run it, tell its end, leave when all are done."""

from __future__ import annotations

import contextlib
import ctypes
import linecache
import multiprocessing.util
import os
import socket
import sys
import threading
import time
import traceback
from typing import Any, NoReturn

import torch
import torch.distributed

from tutor.plain import clip
from tutor.wire.frames import ProtocolError
from tutor.wire.messages import CellFailed
from tutor.worker.failure import failure_of
from tutor.worker.namespace import fresh_main, settle
from tutor.worker.own import is_own
from tutor.worker.ranks.keeper import end_with
from tutor.worker.ranks.link import Link
from tutor.worker.ranks.meeting import Meeting
from tutor.worker.ranks.messages import Began, Failed, Order, Returned
from tutor.worker.ranks.program import become
from tutor.worker.ranks.shipping import ShippingError, inherit, pack_value, unpack
from tutor.worker.ranks.watch.watch import Watch
from tutor.worker.streams import Streams

_util: Any = multiprocessing.util
_exit, _clock = os._exit, time.monotonic
_TRACE = 20_000
_BIGGEST = 15 << 20


def live(
    rank: int,
    order: Order,
    packed: tuple[bytes, bytes],
    events: socket.socket,
    inherited: list[int],
) -> NoReturn:
    """Run the ordered function as `rank` and end this process. Descriptors 1 and 2 are the rank's
    output.

    It starts when all ranks have come this far, since a slow start would eat up the patience of
    those that meet. Teardown with DDP and gloo can hang or abort, so there is none: results go
    first, every rank waits until all have told theirs, and then the process just ends.
    """
    if not sys.platform.startswith("linux"):
        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    link = Link(events)
    streams = Streams(sys.stdin)
    code = 1
    try:
        code = _live(rank, order, packed, link, inherited)
    except OSError:
        pass  # the worker is gone
    except BaseException:
        traceback.print_exc()
    _flush(streams)
    link.wait()
    _exit(code)


def _live(
    rank: int, order: Order, packed: tuple[bytes, bytes], link: Link, inherited: list[int]
) -> int:
    _settle(rank, order)
    inherit(tuple(inherited))
    meeting = Meeting(rank, order)
    meeting.install()
    watch = Watch(link) if order.watch else None
    try:
        if watch is not None:
            watch.install()
        function, arguments = _received(order, packed)
        link.send(Began(_clock(), os.getpid()))
        if not link.wait():
            return 1
        if order.meet:
            meeting.meet()
        if watch is not None:
            watch.begin()
        world = (order.world,) if order.style == "cell" else ()
        value = function(rank, *world, *arguments)
    except SystemExit as error:
        return _exited(error, order, link, watch)
    except BaseException as error:
        if watch is not None:
            watch.end()
        _tell_failure(error, order, link, None)
        return 1
    if watch is not None:
        watch.end()
    _util._exit_function()  # what queues still hold goes out, and the rank's own children end
    _tell_value(value, order, link)
    return 0


def _settle(rank: int, order: Order) -> None:
    settle(order.threads)
    _util._finalizer_registry.clear()  # of the process that we were forked from
    for file, source in order.sources.items():
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    lo = "lo" if sys.platform.startswith("linux") else "lo0"
    os.environ.setdefault("GLOO_SOCKET_IFNAME", lo)
    if order.style == "cell":  # as `torchrun` sets them
        os.environ.update(
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(order.world),
            LOCAL_WORLD_SIZE=str(order.world),
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT="29500",
        )


def _received(order: Order, packed: tuple[bytes, bytes]) -> tuple[Any, Any]:
    """The function and its arguments, in a `__main__` that holds what they need."""
    if order.program is not None:
        become(order.program)
        return unpack(packed[0], _show), unpack(packed[1], _show)
    main = fresh_main(torch.device("cpu"), _show)
    function, arguments = unpack(packed[0], _show), unpack(packed[1], _show)
    vars(main).update(_names_of(function))
    return function, arguments


def _names_of(function: Any) -> dict[str, Any]:
    """The globals that came with the function, so that its classes can be found by name."""
    names = getattr(function, "__globals__", {})
    if names.get("__name__") != "__main__":
        return {}
    return {name: value for name, value in names.items() if not name.startswith("__")}


def _exited(error: SystemExit, order: Order, link: Link, watch: Watch | None) -> int:
    if watch is not None:
        watch.end()
    code = error.code
    if code is None or code == 0:
        link.send(Returned(_clock()))
        return 0
    number = code if type(code) is int else 1
    _tell_failure(error, order, link, number)
    return number & 0xFF


def _tell_failure(error: BaseException, order: Order, link: Link, code: int | None) -> None:
    at = _clock()
    failure = failure_of(error, order.run, order.block)
    if failure.line == 0:  # in a function that another cell defined
        own = [frame.line for frame in failure.frames if frame.own]
        failure = CellFailed(
            failure.run, failure.kind, failure.message, failure.frames, own[-1] if own else 0
        )
    link.send(Failed(at, failure, _trace(error), code))


def _trace(error: BaseException) -> str:
    """The traceback as Python prints it, from the learner's first line on."""
    step = error.__traceback__
    while step is not None and not is_own(step.tb_frame.f_code.co_filename):
        step = step.tb_next
    with contextlib.suppress(Exception):
        lines = traceback.format_exception(type(error), error, step or error.__traceback__)
        return clip("".join(lines), _TRACE)
    return ""


def _tell_value(value: Any, order: Order, link: Link) -> None:
    if order.style == "spawn" or value is None:
        link.send(Returned(_clock()))
        return
    try:
        body, note = pack_value(value), ""
    except ShippingError as error:
        body, note = b"", clip(error, 500)
    if len(body) > _BIGGEST:
        body, note = b"", f"returned {len(body) >> 20} MB, more than can be sent back"
    try:
        link.send(Returned(_clock(), note), body)
    except ProtocolError:
        link.send(Returned(_clock(), "returned more than can be sent back"))


def _show(value: Any) -> None:
    print(value if type(value) is str else repr(value))


def _flush(streams: Streams) -> None:
    streams.flush()
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).fflush(None)
