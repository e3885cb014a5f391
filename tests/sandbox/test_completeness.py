"""No row of the acceptance table is missing."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sandbox.attacks.added import ADDED
from tests.sandbox.test_attacks import ATTACKS

ROWS = 92


def test_every_row_of_the_table_is_a_test() -> None:
    rows = {attack.row for attack in ATTACKS} - {0}
    for file in Path(__file__).parent.glob("test_*.py"):
        text = file.read_text()
        rows |= {int(row) for row in re.findall(r'^    "(\d\d) [a-zA-Z]', text, re.MULTILINE)}
        rows |= {int(row) for row in re.findall(r"^async def test_(\d+)_", text, re.MULTILINE)}
    assert rows == set(range(1, ROWS + 1))


def test_more_was_added() -> None:
    assert len(ADDED) >= 10
