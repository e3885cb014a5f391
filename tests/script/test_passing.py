"""On the way to a terminal: colours and redrawn lines pass, whatever the pieces they come in."""

from __future__ import annotations

import pytest

from tutor.script.passing import Passing

HARMLESS = "plain\n\x1b[1;31mred\x1b[0m 50%|##  |\r\x1b[K\x1b[Aé→"
HARMFUL = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[6n\x1bP1;2\x1b\\\x1b[?1049h\x9b31m\x07\x08ok"


def passed(text: str, size: int) -> str:
    passing, data = Passing(), text.encode()
    pieces = [passing.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return "".join([*pieces, passing.feed(b"", last=True)])


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_colours_and_redrawn_lines_pass(size: int) -> None:
    assert passed(HARMLESS, size) == HARMLESS


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_nothing_else_acts_on_the_terminal(size: int) -> None:
    shown = passed(HARMFUL, size)
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\x9b" not in shown
    assert shown.endswith("ok")
    assert "ZXZpbA" not in shown


def test_a_sequence_that_never_ends_holds_nothing_up_for_ever() -> None:
    shown = passed("\x1b]0;" + "a" * 2000 + "\nnext line\n", 64)
    assert shown.endswith("next line\n")
    assert "\x1b" not in shown
