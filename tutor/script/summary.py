"""What each panel knows of a run that is over, as lines of plain text.

The words are the panels' own: what stands here is what the full screen shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content

from tutor.plain import counted
from tutor.session.observed_training import Training
from tutor.session.snapshot import CellRun, Snapshot
from tutor.text import bytes_text, seconds_text, shape_text
from tutor.ui.widgets.explanation import explanation_lines
from tutor.ui.widgets.gradient_rows import lines_of
from tutor.ui.widgets.graph_rows import head as graph_head
from tutor.ui.widgets.graph_tree import draw
from tutor.ui.widgets.mistakes import mistake_lines
from tutor.ui.widgets.model_rows import COLUMNS, HEADING, model_rows
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.problem import problem_lines
from tutor.ui.widgets.ranks_lines import ranks_lines

WIDTH = 78
_ROWS = 12
"""Rows of one table."""


def summary_lines(snapshot: Snapshot, run: CellRun, width: int = WIDTH) -> list[str]:
    """Everything worth a word, a heading before each part; nothing of a panel that is empty."""
    parts: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = (
        ("Error", lambda: _problem(run, width)),
        ("Doctor", lambda: _texts(mistake_lines(run.mistakes, width))),
        ("Training", lambda: _training(snapshot.observed.training, run.run)),
        ("Gradients", lambda: _gradients(snapshot, run.run, width)),
        ("Model", lambda: _model(snapshot, run.run, width)),
        ("Graph", lambda: _graph(snapshot, run.run)),
        ("Memory", lambda: _memory(snapshot, run.run)),
        ("Ranks", lambda: _ranks(snapshot, run.run, width)),
        ("Tensors", lambda: _tensors(snapshot, run.run)),
    )
    lines: list[str] = []
    for title, part in parts:
        body = [line.rstrip() for line in part()]
        while body and not body[-1]:
            body.pop()
        if body:
            lines += ["", title, *(f"  {line}".rstrip() for line in body)]
    return lines


def _texts(lines: Iterable[Content]) -> list[str]:
    return [line.plain for line in lines]


def _problem(run: CellRun, width: int) -> list[str]:
    problem = run.problem
    if problem is None:
        return []
    lines = _texts(problem_lines(problem, width))
    if problem.explanation is not None:
        lines += _texts(explanation_lines(problem, problem.explanation, width))
    own = [frame for frame in problem.frames if frame.own]
    for frame in own[-6:]:
        where = f"line {frame.line} of {frame.file.rpartition('/')[2]}, in {frame.function}"
        lines += [where, f"    {frame.code}"]
    return lines


def _training(training: Training, run: int) -> list[str]:
    if training.run != run:
        return []
    unit = "steps" if training.steps else "backward calls"
    lines = [f"{training.count:,} {unit} in {seconds_text(training.seconds)}"]
    for curve in training.curves:
        series = curve.series
        if not series:
            continue
        first, last = compact(series[0][1]), curve.bad or compact(series.last)
        count = f"{len(series):,} value{'s' * (len(series) != 1)}"
        lines.append(f"{curve.name}  {first} → {last}  ({count})")
    for item in training.tracked:
        if item.value is not None:
            lines.append(f"{item.name}  {compact(item.value)}")
    for rate in training.rates:
        values = ", ".join("?" if value is None else f"{value:.4g}" for value in rate.values)
        lines.append(f"{rate.name}  {rate.kind}, learning rate {values}")
    return lines


def _gradients(snapshot: Snapshot, run: int, width: int) -> list[str]:
    gradients = snapshot.observed.gradients
    if gradients.run != run:
        return []
    if any(row.word != "healthy" for group in gradients.groups for row in group.rows):
        drawn = lines_of(gradients, width)
        return _some(["".join(text for text, _ in line) for line in drawn], 2 * _ROWS)
    return [
        f"{f'{group.optimizer}: ' * bool(group.optimizer)}{counted(len(group.rows), 'parameter')}, "
        "all healthy"
        for group in gradients.groups
        if group.rows
    ]


def _model(snapshot: Snapshot, run: int, width: int) -> list[str]:
    view = snapshot.observed.model
    if view.run != run or view.earlier:
        return []
    drawn = draw(model_rows(view, frozenset()), COLUMNS, width, frozenset(), HEADING)
    return _some(["".join(text for text, _ in line.parts) for line in drawn], 2 * _ROWS)


def _graph(snapshot: Snapshot, run: int) -> list[str]:
    graph = snapshot.observed.graph.graph
    if graph is None or graph.run != run:
        return []
    return [
        "".join(part[0] for part in line) for line in graph_head(snapshot.observed.graph, graph)
    ]


def _memory(snapshot: Snapshot, run: int) -> list[str]:
    measured = snapshot.observed.memory.measured
    if measured is None or measured.run != run:
        return []
    grown = bytes_text(max(0, measured.process - measured.idle))
    lines = [f"process {grown} over an idle one, {bytes_text(measured.peak)} at its peak"]
    for device in measured.devices:
        lines.append(f"{device.device} {bytes_text(device.peak)} at its peak")
    kinds = [f"{kind.kind}s {bytes_text(kind.bytes)}" for kind in measured.kinds if kind.bytes]
    if kinds:
        lines.append("left behind: " + ", ".join(kinds))
    return lines


def _ranks(snapshot: Snapshot, run: int, width: int) -> list[str]:
    view = snapshot.observed.ranks
    if view.run != run or not view.rows:
        return []
    return _texts(ranks_lines(view, width))


def _tensors(snapshot: Snapshot, run: int) -> list[str]:
    table = snapshot.tensors
    if table.run != run or not table.rows:
        return []
    lines = [f"{row.path}  {shape_text(row.shape)} {row.dtype}" for row in table.rows[:_ROWS]]
    more = len(table.rows) + table.hidden - len(lines)
    return [*lines, f"… {more} more"] if more > 0 else lines


def _some(lines: Sequence[str], most: int) -> list[str]:
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"… {len(lines) - most + 1} more lines"]
