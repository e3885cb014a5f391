"""What stands above and below the training curves, line by line; pure functions."""

from __future__ import annotations

from textual.content import Content

from tutor.session.observed_training import Training
from tutor.text import seconds_text
from tutor.ui.widgets.curve import Trace, small
from tutor.ui.widgets.flow import cut, cut_content
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import one_line
from tutor.wire.observed.training import LearningRate, LoopPlace

_NAME_WIDTH = 18
_SPARK = 16
_WAITING = 0.2
"""Part of the time spent waiting for data from which it is worth a word."""

_EMPTY = (
    "Nothing has been trained yet.",
    "",
    "Run a cell that calls loss.backward(). The curve appears here under the name of your "
    "variable, while the loop is still running:",
    "",
    "    for epoch in range(5):",
    "        loss = F.mse_loss(net(x), y)",
    "        opt.zero_grad()",
    "        loss.backward()",
    "        opt.step()",
    "",
    "Numbers that you keep, such as accuracy or val_loss, are followed too.",
)


def empty_lines(width: int) -> list[Content]:
    """What the panel says before anything was trained."""
    return [
        line.stylize("$text-muted")
        for text in _EMPTY
        for line in (Content(text).wrap(max(1, width)) if text else [Content("")])
    ]


def head_lines(training: Training, live: bool, width: int) -> list[Content]:
    """State, progress, learning rates, speed."""
    lines = [_state(training, live)]
    if live and training.done is not None:
        lines.append(_bar(training.done, width))
    lines += _bad(training)
    facts = [_rate(rate, len(training.rates) > 1) for rate in training.rates]
    facts += _speed(training)
    return [part for line in [*lines, *_packed(facts, width)] for part in _wrapped(line, width)]


def foot_lines(training: Training, log: bool, earlier: bool, width: int) -> list[Content]:
    """The learner's own numbers with small curves, and the keys."""
    kept = [item for item in training.tracked if not item.beside]
    name_width = min(_NAME_WIDTH, max((len(one_line(item.name)) for item in kept), default=0))
    lines = []
    for item in kept:
        name = cut(one_line(item.name), name_width).ljust(name_width)
        value = "not finite" if item.value is None else compact(item.value)
        room = min(_SPARK, width - name_width - 11)
        drawing = small(item.series, room) if len(item.series) > 1 else ""
        line = Content.assemble(f"{name} {value:>9} ", (drawing, "$text-primary"))
        lines.append(cut_content(line, width))
    keys = [f"L {'linear' if log else 'log'} scale"]
    if training.earlier:
        keys.append(f"E {'hide' if earlier else 'show'} earlier runs")
    if log and any(_lowest(curve.series) <= 0 for curve in training.curves):
        lines += _wrapped(Content("A log scale leaves out what is 0 or less."), width)
    lines.append(cut_content(Content.styled("  ".join(keys), "$text-muted"), width))
    return lines


def traces_of(training: Training, earlier: bool) -> tuple[tuple[Trace, ...], tuple[str, ...]]:
    """What to draw, and the newest value of each."""
    traces: list[Trace] = []
    values: list[str] = []
    names = [curve.name for curve in training.curves]
    for curve in training.curves:
        label = one_line(curve.name)
        if names.count(curve.name) > 1:
            label += f" (line {curve.line})"
        bad = float(curve.bad_at) if curve.bad else None
        traces.append(Trace(label, curve.series, "line", bad))
        values.append(_newest(curve.series, curve.bad))
    for item in training.tracked:
        if item.beside:
            traces.append(Trace(one_line(item.name), item.series, "mark"))
            values.append(_newest(item.series, ""))
    if earlier:
        for run in training.earlier:
            for curve in run.curves:
                suffix = f" {one_line(curve.name)}" if len(run.curves) > 1 else ""
                traces.append(Trace(f"run {run.run}{suffix}", curve.series, "faint"))
                values.append("")
    return tuple(trace for trace in traces if trace.series), tuple(
        value for trace, value in zip(traces, values, strict=True) if trace.series
    )


def unit_of(training: Training) -> str:
    """What is counted from left to right."""
    return "steps" if training.steps == training.backwards else "backward calls"


def place_text(place: LoopPlace) -> str:
    """`epoch 2/5`; the value of the variable where the length is unknown."""
    name = one_line(place.name)
    if place.turn and place.turns:
        return f"{name} {place.turn:,}/{place.turns:,}"
    if place.turn:
        return f"{name} {place.turn:,}"
    if place.value is not None:
        return f"{name} {place.value:,}"
    return f"{name} of {place.turns:,}" if place.turns else name


def _state(training: Training, live: bool) -> Content:
    counted = "step" if training.steps else "backward call"
    count = f"{training.count:,} {counted}{'' if training.count == 1 else 's'}"
    if not live:
        words = f"✓ {count} in {seconds_text(training.seconds)}"
        return Content.assemble((words, "$text-success"), f"  cell {one_line(training.block)}")
    parts = [place_text(place) for place in training.loops] or [count]
    if training.remaining is not None:
        parts.append(f"about {seconds_text(training.remaining)} left")
    return Content.assemble(("● ", "$text-primary"), (" · ".join(parts), "bold"))


def _bar(done: float, width: int) -> Content:
    room = max(1, width - 6)
    full = round(room * max(0.0, min(1.0, done)))
    return Content.assemble(
        ("━" * full, "$text-primary"), ("╌" * (room - full), "$text-muted"), f" {done:>4.0%}"
    )


def _bad(training: Training) -> list[Content]:
    unit = "step" if training.steps == training.backwards else "backward call"
    return [
        Content.styled(
            f"✗ {one_line(curve.name)} became {_word(curve.bad)} at {unit} {curve.bad_at:,}. "
            "Often the learning rate is too large.",
            "$text-error",
        )
        for curve in training.curves
        if curve.bad
    ]


def _word(bad: str) -> str:
    return "NaN" if bad == "NaN" else "infinite"


def _rate(rate: LearningRate, several: bool) -> Content:
    values = list(dict.fromkeys("?" if value is None else _plain(value) for value in rate.values))
    who = f" {one_line(rate.name)}" if several else ""
    return Content.assemble(f"lr{who} ", (", ".join(values), "bold"), f" {one_line(rate.kind)}")


def _speed(training: Training) -> list[Content]:
    facts = []
    unit = "steps" if training.steps else "backward calls"
    if training.speed > 0:
        facts.append(Content(f"{_speed_text(training.speed)} {unit}/s"))
    if training.steps and training.backwards > training.steps * 1.5:
        facts.append(Content(f"{training.backwards / training.steps:.3g} backward calls a step"))
    share = training.wait / training.seconds if training.seconds > 0 else 0.0
    if training.batches and share >= _WAITING:
        facts.append(Content(f"{share:.0%} waiting for data"))
    return facts


def _speed_text(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 100 else f"{speed:.3g}"


def _plain(value: float) -> str:
    return f"{value:.4g}"


def _newest(series, bad: str) -> str:
    return bad or compact(series.last)


def _lowest(series) -> float:
    found = series.extremes(0, len(series))
    return found[0] if found else 1.0


def _packed(facts: list[Content], width: int) -> list[Content]:
    """As many facts on a line as fit."""
    lines: list[Content] = []
    for fact in facts:
        if lines and lines[-1].cell_length + 3 + fact.cell_length <= width:
            lines[-1] = lines[-1] + Content(" · ") + fact
        else:
            lines.append(fact)
    return lines


def _wrapped(line: Content, width: int) -> list[Content]:
    return line.wrap(max(1, width)) if line.cell_length > width else [line]
