"""What is written down of a learner's doings: one kind of event for everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

VERSION = 1
"""Of the payloads below; raised when a payload's meaning changes."""

STOOD = "stood"  # step; the block is the event's own
CELL_RAN = "cell_ran"  # ok, digest
EXERCISE_CHECKED = "exercise_checked"  # passed, misconception, digest
QUIZ_ANSWERED = "quiz_answered"  # answer, correct, digest
HINT_OPENED = "hint_opened"  # number, from 1
SOLUTION_OPENED = "solution_opened"  # passed
TIME_SPENT = "time_spent"  # seconds
CODE_SAVED = "code_saved"  # digest of the text, which lies in `texts`
CODE_PUT_AWAY = "code_put_away"  # digest, reason; the draft goes on
CODE_RESET = "code_reset"  # digest, reason; the draft ends

DEEDS = frozenset({CELL_RAN, EXERCISE_CHECKED, QUIZ_ANSWERED})
"""Kinds that make a day count for the streak."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Kinds that nobody here knows are kept and passed over."""

    kind: str
    lesson: str = ""
    block: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    pack: str = ""
    at: float = 0.0
    """Unix time in seconds."""
    day: str = ""
    """The learner's calendar day at that time and place, "2026-03-14"."""
    window: str = ""
    """Which running torch-tutor wrote it."""
    version: int = VERSION
    id: int = 0
    """Position in the log; what counts for order, since clocks can be set back."""


def day_of(at: float) -> str:
    """The calendar day here at Unix time `at`."""
    return datetime.fromtimestamp(at).date().isoformat()


def encode(payload: Mapping[str, Any]) -> str:
    """The payload as compact JSON with sorted keys."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def decode(text: str) -> Mapping[str, Any]:
    """The payload in `text`; what is no JSON object gives an empty one."""
    try:
        payload = json.loads(text)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}
