"""The record of one run in a file: source, output, and all that the panels show. Data alone;
nothing in it is ever executed.

The file is one line of text that names the format and its version, then a msgpack document.
"""

from __future__ import annotations

import dataclasses
import math
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from tutor.paths import atomic_write
from tutor.session.series import Series
from tutor.session.snapshot import Snapshot

VERSION = 1
LARGEST = 256 << 20
"""Bytes of a file that is still read."""
POINTS = 4_000
"""Points kept of each curve; a screen has fewer columns."""
_MAGIC = b"torch-tutor record "
T = TypeVar("T")


class RecordError(Exception):
    """A file that cannot be shown: one sentence why."""


@dataclass(frozen=True, slots=True)
class Record:
    """`script`: path of the file; `block`: its name in the snapshot. saved: ISO date and time."""

    script: str
    block: str
    arguments: tuple[str, ...]
    saved: str
    program: str
    """Version of torch-tutor that wrote it."""
    snapshot: Snapshot
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    """A curve is written once: in the record stands only its number."""

    record: Record
    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]


def save(path: Path, record: Record) -> None:
    """Write the file whole or not at all. Raises OSError."""
    atomic_write(path, encoded(record))


def load(path: Path) -> Record:
    """Read a file that anyone may have written.

    Raises:
        RecordError: it is missing, of a newer version, broken, or no record at all.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise RecordError(f"{path} is too large for a record of a run.")
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} could not be read ({error.strerror}).") from None
    return decoded(data, str(path))


def encoded(record: Record) -> bytes:
    """The file's content. Long curves are thinned, with their extremes kept."""
    curves: list[tuple[list[float], list[float]]] = []

    def by_number(series: Series) -> Series:
        points = list(series.thinned(POINTS))
        curves.append(([x for x, _ in points], [y for _, y in points]))
        return Series(len(curves) - 1)

    numbered = exchanged(record, Series, by_number)
    body = msgspec.msgpack.encode({"record": numbered, "curves": curves}, enc_hook=_plain)
    return _MAGIC + f"{VERSION}\n".encode() + body


def decoded(data: bytes, name: str) -> Record:
    """The record in `data`. Raises RecordError; `name` is the file's."""
    head = data[:64].partition(b"\n")[0]
    if not head.startswith(_MAGIC) or not head[len(_MAGIC) :].isdigit():
        raise RecordError(f"{name} is no record of a run: `torch-tutor run --save` writes them.")
    version = int(head[len(_MAGIC) :])
    if version > VERSION:
        raise RecordError(
            f"{name} was written by a newer torch-tutor (format {version}; this one reads up to "
            f"{VERSION}). Update torch-tutor to see it."
        )
    try:
        document = msgspec.msgpack.decode(data[len(head) + 1 :], type=_Document, dec_hook=_empty)
        return exchanged(document.record, Series, lambda it: _curve(document, it.count))
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise RecordError(f"{name} is broken: {str(error)[:200]}.") from None


def exchanged(value: T, kind: type[Any], change: Callable[[Any], Any]) -> T:
    """`value` with every `kind` in it, however deep, replaced by what `change` makes of it."""
    return _exchanged(value, kind, change)


def _exchanged(value: Any, kind: type[Any], change: Callable[[Any], Any]) -> Any:
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_exchanged(item, kind, change) for item in value)
    if isinstance(value, Mapping):
        return MappingProxyType(
            {key: _exchanged(item, kind, change) for key, item in value.items()}
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        new = {
            field.name: _exchanged(getattr(value, field.name), kind, change)
            for field in dataclasses.fields(value)
        }
        return type(value)(**new)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, array):
        return []
    raise NotImplementedError(type(value).__name__)


def _empty(kind: type, value: Any) -> Any:
    """What a record never holds: the inside of a curve."""
    if kind is array:
        return array("d")
    raise ValueError(kind.__name__)


def _curve(document: _Document, number: int) -> Series:
    if not 0 <= number < len(document.curves):
        raise ValueError("a curve is missing")
    x, y = document.curves[number]
    if len(x) != len(y):
        raise ValueError("a curve has gaps")
    points = (
        (at, None if math.isnan(value) else value)
        for at, value in zip(x, y, strict=True)
        if math.isfinite(at)
    )
    return Series().extended(points)
