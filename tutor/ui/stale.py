"""Which results no longer say what the code on screen says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tutor.session.snapshot import CellRun


def with_stale(
    order: Sequence[str], texts: Mapping[str, str], runs: Mapping[str, CellRun]
) -> dict[str, CellRun]:
    """`runs` with `stale` also set where an earlier block was edited after it ran.

    The session knows what ran; only the editors know what was typed since. `order` lists the
    lesson's blocks from first to last.
    """
    marked: dict[str, CellRun] = {}
    edited_above = False
    for block in order:
        run = runs.get(block)
        if run is None:
            continue
        stale = edited_above and run.state not in ("queued", "running")
        marked[block] = replace(run, stale=True) if stale and not run.stale else run
        edited_above = edited_above or texts.get(block, run.source) != run.source
    return marked
