"""Hosts for widgets under test: no blinking, messages remembered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tutor.ui.widgets import quiz, quiz_fix

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def choices_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests name choices by their place in the file; how they are shuffled has its own test."""
    for module in (quiz, quiz_fix):
        monkeypatch.setattr(module, "shown_order", lambda quiz: tuple(range(len(quiz.choices))))
