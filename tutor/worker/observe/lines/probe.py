"""What a probe calls: a few looks a site, at shapes alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from tutor import raw
from tutor.wire.observed.lines import MOST_VALUES, CellLines, LineValue
from tutor.worker.observe.labels import LINE_KEY
from tutor.worker.observe.lines.names import Bound
from tutor.worker.observe.lines.rewrite import Site
from tutor.worker.observe.lines.seen import Seen

LOOKS = 3
"""Times that a site looks in one run before it falls silent."""
MORE_LOOKS = 61
"""Further looks of a site whose shapes differ from one look to the next."""

_no_torch_function = torch._C.DisableTorchFunction
_tracing: Any = torch._C._get_tracing_state  # type: ignore[attr-defined]
_attributes = object.__getattribute__
_zip, _dict, _isinstance, _Exception = zip, dict, isinstance, Exception


@dataclass(slots=True)
class Cell:
    """One cell's text that ran: its sites and what they saw. `text_run` is that run's number."""

    block: str
    text_run: int
    first: int
    sites: tuple[Site, ...]
    seen: list[list[Seen]] = field(init=False)
    more: list[int] = field(init=False)
    """Further looks left to each site in this run."""
    dirty: bool = False

    def __post_init__(self) -> None:
        self.seen = [[Seen() for _ in site.bound] for site in self.sites]
        self.more = [MORE_LOOKS] * len(self.sites)

    def lines(self) -> CellLines:
        """As a message: values in the order of lines."""
        found: list[LineValue] = []
        for site, looks in zip(self.sites, self.seen, strict=True):
            for bound, seen in zip(site.bound, looks, strict=True):
                value = seen.value(bound.text, bound.line)
                if value is not None:
                    found.append(value)
        found.sort(key=lambda value: value.line)
        return CellLines(self.block, self.text_run, tuple(found[:MOST_VALUES]))


class Recorder:
    """Counters of all sites of this process, and the cells that they belong to.

    A site's number is never given twice: functions of a cell's earlier text keep theirs, spent.
    """

    def __init__(self) -> None:
        self.counters: list[int] = []
        self._owners: list[Cell | None] = []

    @property
    def next_site(self) -> int:
        return len(self.counters)

    def add(self, cell: Cell) -> None:
        self.counters += [0] * len(cell.sites)
        self._owners += [cell] * len(cell.sites)

    def forget(self, cell: Cell) -> None:
        self.silence(cell)
        for place in range(cell.first, cell.first + len(cell.sites)):
            self._owners[place] = None

    def arm(self, cell: Cell, looks: int, *, functions_only: bool) -> None:
        """Let the silent sites of `cell` look that often."""
        for place, site in enumerate(cell.sites, cell.first):
            if self.counters[place] == 0 and (site.in_function or not functions_only):
                self.counters[place] = looks

    def silence(self, cell: Cell) -> None:
        for place in range(cell.first, cell.first + len(cell.sites)):
            self.counters[place] = 0
        cell.more = [MORE_LOOKS] * len(cell.sites)

    def look(self, number: int, values: tuple[Any, ...]) -> None:
        """One look of one site. Never raises but for an interrupt."""
        left = self.counters[number] - 1
        self.counters[number] = left if left > 0 else 0
        try:
            cell = self._owners[number]
            if cell is None or _tracing() is not None:  # a trace records even a look at a shape
                return
            place = number - cell.first
            site, looks = cell.sites[place], cell.seen[place]
            with _no_torch_function():
                for bound, seen, value in _zip(site.bound, looks, values, strict=False):
                    if bound.attribute:
                        value = _attribute(value, bound.attribute)
                    if seen.look(value):
                        cell.dirty = True
                        if cell.more[place] > 0:
                            cell.more[place] -= 1
                            self.counters[number] = LOOKS
                    if not site.entry:
                        _label(value, bound)
        except _Exception:
            self.counters[number] = 0


def record(number: int, *values: Any) -> Any:
    """Called by probes; hands its last value on. Importable, so that code with probes pickles."""
    recorder = _current
    if recorder is not None:
        recorder.look(number, values)
    return values[-1]


_current: Recorder | None = None


def use(recorder: Recorder | None) -> None:
    """From now on probes of this process report to `recorder`."""
    global _current
    _current = recorder


def _label(value: Any, bound: Bound) -> None:
    """Give the node that made `value` the learner's name for it."""
    if raw.is_tensor(value):
        node = raw.grad_fn_of(value)
        if node is not None:
            node.metadata.setdefault(LINE_KEY, (bound.text, bound.line))


def _attribute(owner: Any, name: str) -> Any:
    """`owner.name` as it is stored, without asking the owner; None where it is stored elsewhere."""
    stored = _attributes(owner, "__dict__")
    found = stored.get(name)
    if found is None:
        for registry in ("_parameters", "_buffers"):
            of_module = stored.get(registry)
            if _isinstance(of_module, _dict) and name in of_module:
                return of_module[name]
    return found
