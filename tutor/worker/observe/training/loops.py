"""Which turn of which loop is running, from the loop's source and the value of its variable."""

from __future__ import annotations

import ast
from typing import Any

from torch.utils.data import DataLoader

from tutor.plain import NAME, clip
from tutor.wire.observed.training import LoopPlace
from tutor.worker.observe.training.cellmap import Loop, counting
from tutor.worker.observe.training.lengths import MISSING, Lengths, Lookup

_LARGEST = 1 << 62
_SEARCHED = 1_000
_THROUGH = frozenset(
    ("tqdm", "track", "progress_bar", "reversed", "sorted", "list", "tuple", "iter", "trange")
)
"""Calls that have as many turns as their first argument."""


def place_of(
    loop: Loop, lookup: Lookup, lengths: Lengths, sampler: int = 0, turn: int = 0
) -> LoopPlace | None:
    """Where `loop` stands; None where nothing is known of it.

    `sampler` and `turn` say which DataLoader gave the last batch, and the how manyth of its pass.
    """
    value = lookup(loop.target) if loop.target else MISSING
    number = value if type(value) is int and abs(value) < _LARGEST else None
    if loop.test is not None:
        place = _while(loop.test, number, lookup, lengths)
    elif loop.over is not None:
        place = _for(loop.over, value, lookup, lengths, sampler, turn)
    else:
        place = None
    if place is None and number is None:
        return None
    now, total = place or (0, 0)
    if total and now > total:
        total = 0  # the loop is not what its source says
    name = clip(loop.target, NAME) or "batch"
    return LoopPlace(name, max(0, loop.line), max(0, now), max(0, total), number)


def _while(
    test: ast.expr, number: int | None, lookup: Lookup, lengths: Lengths
) -> tuple[int, int] | None:
    if number is None or not isinstance(test, ast.Compare) or number < 0:
        return None
    end = lengths.value(test.comparators[0], lookup)
    if type(end) is not int or not isinstance(test.ops[0], (ast.Lt, ast.LtE)):
        return None
    total = end + isinstance(test.ops[0], ast.LtE)
    return min(number + 1, total), total


def _for(
    over: ast.expr, value: Any, lookup: Lookup, lengths: Lengths, sampler: int, turn: int
) -> tuple[int, int] | None:
    """(turn, turns) of a `for` over the expression `over`."""
    counted = counting(over)
    if counted is not None:
        if type(value) is not int:
            return None
        start = _start(counted, lookup, lengths)
        return value - start + 1, _turns(counted.args[0], lookup, lengths) or 0
    if isinstance(over, ast.Call):
        name = _called(over)
        if name in ("range", "trange"):
            return _in_range(_range(over, lookup, lengths), value)
        if name == "zip":
            return 0, _turns(over, lookup, lengths) or 0
        if over.args:
            inner = _for(over.args[0], value, lookup, lengths, sampler, turn)
            # A wrapper of unknown name may go through less or more than it was given.
            known = name in _THROUGH or (inner is not None and inner[0] > 0)
            return inner if known else None
        return None
    thing = lengths.value(over, lookup)
    if type(thing) is range:
        return _in_range(thing, value)
    total = lengths.length_of(thing) if thing is not MISSING else None
    if thing is not MISSING and issubclass(type(thing), DataLoader):
        return (turn if sampler and sampler == _sampler_of(thing) else 0), total or 0
    if type(thing) in (list, tuple) and value is not MISSING:
        places = [n for n, item in enumerate(thing[:_SEARCHED]) if item is value]
        return (places[0] + 1 if len(places) == 1 else 0), total or 0
    return None if total is None else (0, total)


def _in_range(numbers: range | None, value: Any) -> tuple[int, int] | None:
    if numbers is None or type(value) is not int or value not in numbers:
        return None
    return numbers.index(value) + 1, len(numbers)


def _range(call: ast.Call, lookup: Lookup, lengths: Lengths) -> range | None:
    bounds = [lengths.value(argument, lookup) for argument in call.args]
    if not 1 <= len(bounds) <= 3 or any(type(bound) is not int for bound in bounds):
        return None
    return range(*bounds) if len(bounds) < 3 or bounds[2] else None


def _turns(node: ast.expr, lookup: Lookup, lengths: Lengths) -> int | None:
    if isinstance(node, ast.Call):
        name = _called(node)
        if name in ("range", "trange"):
            numbers = _range(node, lookup, lengths)
            return None if numbers is None else len(numbers)
        if name == "zip" and node.args:
            each = [_turns(argument, lookup, lengths) for argument in node.args]
            known = [length for length in each if length is not None]
            return min(known) if len(known) == len(each) else None
        if (name in _THROUGH or name == "enumerate") and node.args:
            return _turns(node.args[0], lookup, lengths)
        return None
    thing = lengths.value(node, lookup)
    return None if thing is MISSING else lengths.length_of(thing)


def _start(call: ast.Call, lookup: Lookup, lengths: Lengths) -> int:
    given = [*call.args[1:2], *(key.value for key in call.keywords if key.arg == "start")]
    start = lengths.value(given[0], lookup) if given else 0
    return start if type(start) is int else 0


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _sampler_of(loader: Any) -> int:
    fields = object.__getattribute__(loader, "__dict__")
    batches = fields.get("batch_sampler")
    return id(batches if batches is not None else fields.get("sampler"))
