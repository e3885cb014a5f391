"""`lint --topics` and `lint --accept-ids`: files that are made from the lessons."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tutor.course.errors import shown
from tutor.course.model import Pack
from tutor.course.recorded import IDS, recorded_text
from tutor.course.topic_table import renewed_guides
from tutor.course.topics import read_topics
from tutor.lint.choosing import choose
from tutor.paths import atomic_write
from tutor.text import sanitize


def write_topics(paths: Sequence[Path]) -> int:
    """Renew the table of topics in the guide beside each pack. Returns the exit code."""
    packs = _whole(paths)
    guides = list(renewed_guides((pack, read_topics(pack.root)[0]) for pack in packs))
    for guide, text in guides:
        atomic_write(guide, text)
        print(sanitize(f"The table of topics was written into {shown(guide)}."))
    if packs and not guides:
        _say("No table was written: no README.md beside a course has a place for its topics.")
    return 0 if guides else 2


def accept_ids(paths: Sequence[Path]) -> int:
    """Record the ids of each pack as they are. Returns the exit code."""
    packs = _whole(paths)
    for pack in packs:
        path = pack.root / IDS
        atomic_write(path, recorded_text(pack))
        print(sanitize(f"The ids were written into {shown(path)}."))
    return 0 if packs else 2


def _whole(paths: Sequence[Path]) -> tuple[Pack, ...]:
    """Packs without a lesson that cannot be read, for it would be missing in what is written."""
    chosen = choose(paths)
    if chosen.findings:
        for finding in chosen.findings:
            _say(str(finding))
        _say("Nothing was written, because of the above.")
        return ()
    if not chosen.whole:
        _say("Nothing was written: expected the folder of a course.")
    return chosen.whole


def _say(sentence: str) -> None:
    print(sanitize(sentence), file=sys.stderr)
