"""Ranks side by side, as lines of text, and what follows from comparing them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from textual.content import Content

from tutor.session.observed_ranks import (
    RanksView,
    agreement,
    same_samples,
    shares,
    slow_rank,
)
from tutor.text import seconds_text
from tutor.ui.widgets.plain import plain
from tutor.ui.widgets.ranks_columns import COMPUTE, EXCHANGE, WAITING, Section, sections
from tutor.wire.observed.ranks import RankRow

EMPTY = (
    "No ranks yet.",
    "",
    "A rank is one process of a distributed run. Run a cell of a distributed lesson, or call "
    "torch.multiprocessing.spawn: every process gets a column here, with its loss, its gradient "
    "before and after the exchange, and how long it waited for the others.",
)
HELP = (
    "Each rank computes a gradient from its own samples; the exchange (all-reduce) gives all "
    "ranks the average, so they take the same step.",
    "An exchange takes as long as the last rank needs to come: the fast rank shows the wait, "
    "the slow one shows none.",
    "A rank that never comes leaves the others waiting; after a few seconds they give up, and "
    "this panel names it.",
)
NARROWEST = 16
"""Columns that a rank gets at least."""
_GAP = " │ "


def ranks_lines(view: RanksView, width: int) -> list[Content]:
    """The whole panel in `width` columns."""
    if not view.rows:
        return _wrapped(EMPTY, "$text-muted", width)
    lines: list[Content] = []
    if view.verdict:
        text = f"✗ {view.verdict[:1].upper()}{view.verdict[1:]}."
        lines += [*plain(text, "$text-error").wrap(width), Content("")]
    for rows in _beside(view.rows, width):
        lines += [*_columns(view, rows, width), Content("")]
    notes = [line for text, style in _notes(view) for line in plain(text, style).wrap(width)]
    if notes:
        lines += [*notes, Content("")]
    if any(row.seconds for row in view.rows):
        lines += [*_key(width), Content("")]
    return lines + _wrapped(HELP, "$text-muted", width)


# ------------------------------------------------------------------ columns


def _beside(rows: tuple[RankRow, ...], width: int) -> Iterator[tuple[RankRow, ...]]:
    """Groups of ranks that fit beside each other, as even as they can be."""
    fit = max(1, (width + len(_GAP)) // (NARROWEST + len(_GAP)))
    groups = -(-len(rows) // fit)
    each = -(-len(rows) // groups)
    for start in range(0, len(rows), each):
        yield rows[start : start + each]


def _columns(view: RanksView, rows: tuple[RankRow, ...], width: int) -> list[Content]:
    count = len(rows)
    column = max(1, (width - len(_GAP) * (count - 1)) // count)
    time = dict(zip((row.rank for row in view.rows), shares(view.rows), strict=True))
    found = agreement(view.rows)
    same = found.same if found is not None else None
    parts = [sections(row, time[row.rank], same, column) for row in rows]
    lines: list[Content] = []
    for beside in zip(*parts, strict=True):
        lines += _side_by_side(beside, column)
    return lines


def _side_by_side(parts: tuple[Section, ...], column: int) -> list[Content]:
    gap = Content.styled(_GAP, "$text-muted")
    empty = Content("")
    return [
        gap.join((line or empty).pad_right(column - (line or empty).cell_length) for line in level)
        for level in zip_longest(*parts)
    ]


# ------------------------------------------------------------------ below them


def _notes(view: RanksView) -> Iterator[tuple[str, str]]:
    """Sentences about all ranks, each with its colour."""
    found = agreement(view.rows)
    if found is not None:
        if found.same:
            average = {
                True: ": it is the average of their own ones",
                False: ": it is not the average of their own ones (summed, scaled or clipped)",
                None: "",
            }[found.averaged]
            text = f"✓ After step {found.step} all ranks hold the same gradient{average}."
            yield text, "$text-success"
        else:
            yield (
                f"✗ After step {found.step} the ranks hold different gradients: they were not "
                "exchanged, and the models drift apart.",
                "$text-error",
            )
    slow = slow_rank(view.rows)
    if slow is not None:
        fast, late, seconds = slow
        yield (
            f"◔ Rank {fast} waited {seconds_text(seconds)} a step for rank {late}: the fast rank "
            "shows the wait.",
            "$text-warning",
        )
    if same_samples(view.rows):
        yield (
            "⚠ All ranks drew the same samples: a DistributedSampler would divide them.",
            "$text-warning",
        )


def _key(width: int) -> list[Content]:
    words = (
        (COMPUTE, "computing"),
        (WAITING, "waiting for others"),
        (EXCHANGE, "exchange"),
    )
    parts = [
        Content.styled(glyph, colour) + Content.styled(f" {word}", "$text-muted")
        for (glyph, colour), word in words
    ]
    line = Content("  ").join(parts)
    return [line] if line.cell_length <= width else parts


def _wrapped(texts: tuple[str, ...], style: str, width: int) -> list[Content]:
    return [line for text in texts for line in plain(text, style).wrap(width)]
