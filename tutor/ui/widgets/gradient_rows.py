"""What stands on each line of the gradients panel; pure functions."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len
from textual.content import Content

from tutor.session.observed_gradients import GradientGroup, Gradients, ParameterGradient, Word
from tutor.ui.widgets.curve import small
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import one_line

Look = Literal["", "heading", "title", "curve", "good", "warn", "bad", "quiet"]
Line = list[tuple[str, Look]]

_WORDS: dict[Word, tuple[str, Look]] = {
    "healthy": ("✓ healthy", "good"),
    "zero": ("○ zero", "quiet"),
    "dead": ("◼ dead", "warn"),
    "vanishing": ("▿ vanishing", "warn"),
    "exploding": ("▵ exploding", "bad"),
    "none": ("○ none", "warn"),
    "frozen": ("◇ frozen", "quiet"),
    "NaN": ("✗ NaN", "bad"),
    "infinite": ("✗ infinite", "bad"),
    "unread": ("· not read", "quiet"),
}

_MEANINGS: dict[Word, str] = {
    "zero": "zero: the gradient is exactly 0",
    "dead": "dead: exactly 0 for a while, so nothing is learnt there",
    "vanishing": "vanishing: far smaller than in the other layers",
    "exploding": "exploding: more than ten times its usual size; try clip_grad_norm_",
    "none": "none: backward did not reach it, so the optimizer skips it",
    "frozen": "frozen: requires_grad is False",
    "NaN": "NaN: 0/0 or ∞−∞ somewhere in the step; the weights are lost from here on",
    "infinite": "infinite: too large for its dtype; try a smaller learning rate",
    "unread": "not read: of a kind that is left alone, such as a sharded tensor",
}

_EMPTY = (
    "No gradients yet.",
    "",
    "Run a cell that calls loss.backward(): every parameter that gets a gradient shows up here "
    "by the name it has in your model, such as net.fc.weight.",
    "",
    "norm = size of the gradient   step = how far the last step moved the weight, as part of "
    "its size",
)
_CURVE, _SHORT_CURVE = 12, 6
_NUMBER = 7
_WIDE = 60
"""Columns from which every row tells since when its word holds."""


def lines_of(gradients: Gradients, width: int) -> list[Line]:
    """The whole panel in `width` cells: one block for each optimizer, then what words mean."""
    if not gradients.run:
        return [[(line, "quiet")] for text in _EMPTY for line in _wrapped(text, width)]
    lines: list[Line] = []
    for group in gradients.groups:
        if lines:
            lines.append([])
        lines += _group(group, width)
    since: dict[Word, int] = {}
    for row in [row for group in gradients.groups for row in group.rows]:
        since[row.word] = min(row.since, since.get(row.word, row.since))
    told = [_meaning(word, step, width < _WIDE) for word, step in since.items()]
    if any(told):
        lines.append([])
    for text in filter(None, told):
        lines.extend([(line, "quiet")] for line in _wrapped(text, width))
    return lines


def _meaning(word: Word, since: int, short: bool) -> str:
    """What a word means; where the rows have no room for it, also since when it holds."""
    meaning = _MEANINGS.get(word, "")
    if not (meaning and since and short):
        return meaning
    return meaning.replace(": ", f" since step {since:,}: ", 1)


def verdict(row: ParameterGradient, short: bool = False) -> tuple[str, Look]:
    """The word for a parameter with its glyph; unless `short`, also since which step it holds,
    where it is bad."""
    text, look = _WORDS[row.word]
    if row.since and row.word not in ("healthy", "zero") and not short:
        text += f" since step {row.since:,}"
    return text, look


def _group(group: GradientGroup, width: int) -> list[Line]:
    lines = _heading(group, width)
    texts = [verdict(row, width < _WIDE)[0] for row in group.rows]
    columns = _Columns(group, width, max(map(cell_len, texts), default=0))
    lines.append([(columns.headings(), "heading")])
    lines += [columns.row(row) for row in group.rows]
    if group.hidden:
        lines.append([(cut(f"… {group.hidden:,} more parameters are not listed", width), "quiet")])
    return lines


def _heading(group: GradientGroup, width: int) -> list[Line]:
    counted = f"step {group.step:,}" if group.optimizer else f"backward call {group.step:,}"
    title = f"{one_line(group.optimizer)} · {counted}" if group.optimizer else counted
    facts = [f"all together {compact(group.total)}"] if group.total is not None else []
    if group.clipped_from is not None:
        cut_down = group.limit is not None and group.clipped_from > group.limit
        verb = "clipped" if cut_down else "not clipped"
        facts = [f"{verb} {compact(group.clipped_from)} → {compact(group.total)}"]
        if group.limit is not None:
            facts[0] += f" (limit {compact(group.limit)})"
    lines: list[Line] = [[(cut(title, width), "title")]]
    for fact in facts:
        if cell_len(title) + 3 + cell_len(fact) <= width:
            lines[0].append((f" · {fact}", ""))
        else:
            lines.extend([(line, "")] for line in _wrapped(fact, width))
    return lines


class _Columns:
    """name, norm, small curve, step, word: the curve and the step go where there is no room."""

    def __init__(self, group: GradientGroup, width: int, words: int) -> None:
        names = max((cell_len(one_line(row.name)) for row in group.rows), default=4)
        self.short = width < _WIDE
        self.words = min(words, max(9, width - 20))
        room = width - self.words - 1 - _NUMBER - 1
        least = min(names, 11)
        self.curve = _SHORT_CURVE if room - least >= _SHORT_CURVE + 1 else 0
        room -= self.curve + 1 if self.curve else 0
        self.step = room - least >= _NUMBER + 1
        room -= (_NUMBER + 1) if self.step else 0
        if self.step and room - names >= _CURVE - _SHORT_CURVE:
            self.curve = _CURVE
            room -= _CURVE - _SHORT_CURVE
        self.name = max(4, min(names, room))

    def headings(self) -> str:
        parts = ["name".ljust(self.name), "norm".rjust(_NUMBER)]
        parts += (
            [("over time" if self.curve > 8 else "trend").ljust(self.curve)] if self.curve else []
        )
        parts += ["step".rjust(_NUMBER)] if self.step else []
        return " ".join(parts)

    def row(self, row: ParameterGradient) -> Line:
        name = _short_name(one_line(row.name), self.name)
        line: Line = [(name + " " * (self.name - cell_len(name)), "")]
        norm = compact(row.norm) if row.norm is not None else "·"
        line.append((" " + norm.rjust(_NUMBER), ""))
        if self.curve:
            seen = row.state in ("", "nan", "inf") and len(row.history) > 1
            drawing = small(row.history, self.curve) if seen else ""
            line.append((" " + drawing.ljust(self.curve), "curve"))
        if self.step:
            line.append((" " + _part(row.ratio).rjust(_NUMBER), "quiet"))
        text, look = verdict(row, self.short)
        return [*line, (" ", ""), (cut(text, self.words), look)]


def _part(ratio: float | None) -> str:
    """`0.1%`: an update beside its weight."""
    if ratio is None:
        return "·"
    part = ratio * 100
    if part >= 999.5:
        return "> 999%"
    if part >= 99.5:
        return f"{part:.0f}%"
    return f"{part:.2g}%" if part >= 0.01 or part == 0 else "< .01%"


def _short_name(name: str, width: int) -> str:
    """The end of a name says most: `…layers.3.weight`."""
    if cell_len(name) <= width:
        return name
    return "…" + name[1 - width :] if width > 1 else "…"


def _wrapped(text: str, width: int) -> list[str]:
    return [line.plain for line in Content(text).wrap(max(1, width))] if text else [""]
