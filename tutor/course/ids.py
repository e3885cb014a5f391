"""Ids that survive edits: lower-case words joined by hyphens, and the slug of a heading."""

from __future__ import annotations

import re
import unicodedata

PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LESSON = re.compile(rf"{PATTERN.pattern}/{PATTERN.pattern}")
SHAPE = "lower-case letters and digits joined by hyphens, such as `first-cell`"


def is_id(text: str) -> bool:
    """Whether `text` may name a block, a step, a unit or a pack."""
    return PATTERN.fullmatch(text) is not None


def is_lesson_id(text: str) -> bool:
    """Whether `text` is of the form `unit/slug`."""
    return LESSON.fullmatch(text) is not None


def slug(heading: str) -> str:
    """`Keep the dimension you reduce` → `keep-the-dimension-you-reduce`; may be empty."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"['`’]", "", plain)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
