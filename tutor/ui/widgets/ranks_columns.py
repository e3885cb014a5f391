"""One rank as a column of lines, in sections that stand side by side with those of other ranks."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from tutor.session.observed_ranks import Share
from tutor.text import seconds_text
from tutor.ui.widgets.flow import cut_content
from tutor.ui.widgets.plain import one_line, plain
from tutor.wire.observed.ranks import Fingerprint, RankCall, RankRow

COMPUTE, WAITING, EXCHANGE = ("█", "$text-success"), ("░", "$text-warning"), ("▒", "$text-primary")
"""How the parts of a rank's time are drawn."""
MOST_CALLS = 3
MOST_OUTPUT = 6

_STATES = {
    "starting": ("○", "starting", "$text-muted"),
    "running": ("▶", "running", "$text-success"),
    "waiting": ("◔", "waiting", "$text-warning"),
    "done": ("✓", "done", "$text-success"),
    "failed": ("✗", "failed", "$text-error"),
    "lost": ("✗", "lost", "$text-error"),
    "stopped": ("■", "stopped", "$text-warning"),
}
_SAME: dict[bool | None, tuple[str, str]] = {
    True: (" ✓ same", "$text-success"),
    False: (" ✗ differs", "$text-error"),
    None: ("", ""),
}
_MOMENT = 0.3
"""Seconds in an exchange below which nobody is said to wait."""
Section = list[Content]


def sections(row: RankRow, share: Share, same: bool | None, width: int) -> list[Section]:
    """The parts of the column, always equally many; empty where there is nothing to show.

    same: all ranks hold the same gradient now; None = not known.
    """
    parts = [
        [_title(row), *_where(row)],
        list(plain(row.note, "$text-error").wrap(width)) if row.note else [],
        _loss(row),
        _time(share, width) if row.seconds else [],
        _samples(row),
        _gradient(row, same, width),
        _calls(row, width),
        _output(row),
    ]
    return [[cut_content(line, width) for line in part] for part in parts]


def bar(share: Share, width: int) -> Content:
    """The rank's time so far as a bar: computing, waiting for others, exchanging."""
    line, used = Content(""), 0
    parts = ((share.waiting, WAITING), (share.exchange, EXCHANGE))
    sizes = [round(width * part / share.total) if share.total else 0 for part, _ in parts]
    used = min(width, sum(sizes))
    line = Content.styled(COMPUTE[0] * (width - used), COMPUTE[1])
    for size, (_, (glyph, colour)) in zip(sizes, parts, strict=True):
        line += Content.styled(glyph * min(size, width), colour)
    return line


# ------------------------------------------------------------------ the sections


def _title(row: RankRow) -> Content:
    glyph, word, colour = _STATES[row.state]
    return Content.styled(f"rank {row.rank}", "bold") + Content.styled(f" {glyph} {word}", colour)


def _where(row: RankRow) -> Section:
    if row.op and (row.state == "stopped" or row.op_seconds >= _MOMENT):
        text = f"in {one_line(row.op)} {seconds_text(row.op_seconds)}"
        return [Content.styled(text, "$text-warning")]
    return [Content.styled(f"line {row.line}", "$text-muted")] if row.line else []


def _loss(row: RankRow) -> Section:
    found = [Content(f"step {row.step:,}")] if row.step else []
    if row.loss:
        found.append(Content("loss ") + plain(one_line(row.loss), "bold"))
    return found


def _time(share: Share, width: int) -> Section:
    total = share.total or 1.0
    parts = ((share.compute, COMPUTE), (share.waiting, WAITING), (share.exchange, EXCHANGE))
    shares = Content(" ").join(
        Content.styled(f"{glyph}{100 * part / total:.0f}%", colour)
        for part, (glyph, colour) in parts
    )
    return [bar(share, width), shares]


def _samples(row: RankRow) -> Section:
    if not row.samples:
        return []
    more = " …" if row.samples_hidden else ""
    numbers = " ".join(map(str, row.samples))
    return [Content.styled("samples ", "$text-muted") + Content(f"{numbers}{more}")]


def _gradient(row: RankRow, same: bool | None, width: int) -> Section:
    gradient = row.gradient
    if gradient is None:
        return []
    mark = _SAME[same]
    name = Content.styled(f"∇ {one_line(gradient.name)}", "$text-secondary")
    lines = [name]
    if gradient.own is not None:
        lines += _fingerprint("own ", gradient.own, width)
    shared = _fingerprint("all ", gradient.shared, width)
    if shared[0].cell_length + cell_len(mark[0]) > width:
        mark = (mark[0][:2], mark[1])
    return [*lines, shared[0] + Content.styled(*mark), *shared[1:]]


def _fingerprint(title: str, print_: Fingerprint, width: int) -> Section:
    norm = "not finite" if print_.norm is None else f"{print_.norm:.4g}"
    texts = ["·" if value is None else f"{value:+.3f}" for value in print_.values]
    values, count = "", len(texts)
    while count and len(values := f" {' '.join(texts[:count])} …") > width:
        count -= 1
    return [
        Content.styled(title, "$text-muted") + Content(norm),
        Content.styled(values.replace("-", "−"), "$text-muted"),
    ]


def _calls(row: RankRow, width: int) -> Section:
    lines: Section = []
    told = dict(row.counts)
    for call in row.calls[-MOST_CALLS:]:
        lines += _call(call, width)
    more = [f"{one_line(op)} ×{count:,}" for op, count in told.items() if count > 1]
    return lines + [Content.styled(text, "$text-muted") for text in more[:MOST_CALLS]]


def _call(call: RankCall, width: int) -> Section:
    line = f" l.{call.line}" if call.line else ""
    head = Content.styled(one_line(call.op), "$text-primary") + Content.styled(line, "$text-muted")
    if not call.before and not call.after:
        return [head]
    before, after = f" {one_line(call.before)}", f" → {one_line(call.after)}"
    if not call.after or call.after == call.before:
        return [head, Content(before)]
    if cell_len(before + after) <= width:
        return [head, Content(before + after)]
    return [head, Content(before), Content(after)]


def _output(row: RankRow) -> Section:
    shown = row.output[-MOST_OUTPUT:]
    hidden = row.output_hidden + len(row.output) - len(shown)
    head = [Content.styled(f"… {hidden:,} lines above", "$text-muted")] if hidden else []
    return [*head, *(plain(f"│{one_line(line)}", "$text-accent") for line in shown)]
