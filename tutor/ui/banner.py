"""The line above a step when the worker did something the learner must know."""

from __future__ import annotations

from tutor.session.snapshot import Snapshot
from tutor.ui.keys import key


def banner(snapshot: Snapshot, above: int = 0) -> str:
    """What happened and what to do next, "" when all is well.

    `above` counts the cells before this step that the worker has not run.
    """
    if snapshot.phase == "failed":
        return f"✗ {snapshot.sentence} Your code is saved. {key('app.restart').shown} tries again."
    if snapshot.lost:
        fresh = (
            "A fresh one is ready, without your variables."
            if snapshot.phase in ("ready", "busy")
            else "A fresh one is starting."
        )
        reason = snapshot.lost.rstrip(".").replace("The worker ", "it ", 1)
        return (
            f"! The worker was lost: {_lower(reason)}. {fresh} "
            f"{key('lesson.above').shown} runs all cells above again."
        )
    if above:
        cells = "the cell" if above == 1 else f"the {above} cells"
        return (
            f"○ This worker is new and has not run {cells} above. "
            f"{key('lesson.above').shown} runs {'it' if above == 1 else 'them'}."
        )
    return ""


def _lower(sentence: str) -> str:
    """`The worker …` → `the worker …`; names and acronyms stay."""
    return (
        sentence[:1].lower() + sentence[1:]
        if sentence[1:2].islower() or sentence[1:2] == " "
        else sentence
    )
