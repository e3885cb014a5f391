"""The learner's calls of `torch.distributed`: counted, timed, the first ones with their values."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.distributed_c10d as c10d

from tutor import raw
from tutor.plain import NAME, clip, number_text
from tutor.text import shape_text
from tutor.wire.observed.ranks import VALUES, RankCall
from tutor.worker.ranks.watch.tally import Tally, line_below

FIRST = 5
"""Calls of each function that are told with their values."""
_OPS = """
all_reduce broadcast reduce all_gather all_gather_into_tensor gather scatter reduce_scatter
reduce_scatter_tensor reduce_scatter_single all_to_all all_to_all_single send recv isend irecv
barrier monitored_barrier broadcast_object_list all_gather_object gather_object
scatter_object_list send_object_list recv_object_list batch_isend_irecv
"""
_ITEMS = 4
_clock, _compiling = time.perf_counter, torch.compiler.is_dynamo_compiling
_frame = sys._getframe


def watch_exchanges(tally: Tally, tell: Callable[[RankCall], None]) -> None:
    """Wrap the functions, for this process. A function that calls another counts once."""
    for op in _OPS.split():
        original = getattr(c10d, op, None)
        if original is not None:
            wrapped = _wrapped(op, original, tally, tell)
            for module in (c10d, dist):
                if getattr(module, op, None) is original:
                    setattr(module, op, wrapped)


def _wrapped(
    op: str, original: Callable[..., Any], tally: Tally, tell: Callable[[RankCall], None]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*arguments: Any, **keywords: Any) -> Any:
        if _compiling() or tally.op:
            return original(*arguments, **keywords)
        number = tally.counts[op] = tally.counts.get(op, 0) + 1
        subject = arguments[0] if arguments else next(iter(keywords.values()), None)
        before = _text(subject) if number <= FIRST else ""
        tally.op_since = began = _clock()
        tally.op = op
        try:
            result = original(*arguments, **keywords)
        except BaseException:
            tally.broke = op
            raise
        finally:
            tally.op = ""
            tally.explicit += _clock() - began
        if number <= FIRST:
            line = line_below(_frame(1))
            after = "" if keywords.get("async_op") else _text(subject)
            tell(RankCall(op, number, line, _shape(subject), before, after))
        return result

    return call


def _shape(subject: Any) -> str:
    if raw.is_tensor(subject):
        return clip(shape_text(tuple(raw.shape_of(subject))), NAME)
    return ""


def _text(subject: Any) -> str:
    """The first values of a tensor or of a list of tensors; "" for anything that may have side
    effects when it is looked at."""
    try:
        return clip(_words(subject), NAME)
    except Exception:
        return ""


def _words(subject: Any) -> str:
    if raw.is_tensor(subject):
        with raw.below_everything():
            flat = raw.bare(subject).reshape(-1)
            values = [number_text(value) for value in flat[:VALUES].tolist()]
            more = " …" if flat.numel() > VALUES else ""
        return f"[{' '.join(values)}{more}]"
    if type(subject) in (list, tuple):
        items = [_words(item) for item in subject[:_ITEMS]]
        return f"[{' '.join(items)}{' …' if len(subject) > _ITEMS else ''}]"
    if type(subject) in (int, float, bool):
        return number_text(subject)
    if subject is None or type(subject) is str:
        return repr(subject)
    return ""
