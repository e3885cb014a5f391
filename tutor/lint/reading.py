"""What a learner reads of a verdict, and whether the author's feedback is in it. Pure."""

from __future__ import annotations

import re

from tutor.session.snapshot import Verdict


def read_by_learner(verdict: Verdict) -> str:
    """Every sentence that the screen shows of a verdict, joined by newlines."""
    parts: list[str] = []
    if verdict.failure is not None:
        failure = verdict.failure
        parts += [failure.message, failure.feedback, failure.difference, failure.case]
    if verdict.problem is not None:
        problem = verdict.problem
        parts += [f"{problem.kind}: {problem.message}", problem.advice]
    return "\n".join(part for part in parts if part)


def contains(text: str, wanted: str) -> bool:
    """`wanted` occurs in `text`, however either is spaced or quoted."""
    return _even(wanted) in _even(text)


def _even(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("“", '"').replace("”", '"').replace("’", "'")).strip()
