"""The output of a run: bounded, exact at both ends, safe to draw."""

from __future__ import annotations

import tracemalloc

import pytest

from tutor.session.output import LINE_CHARACTERS, LINES, OutputRing


def texts(ring: OutputRing) -> list[str]:
    return [line.text for line in ring.view().lines]


def test_lines_appear_as_printed() -> None:
    ring = OutputRing()
    ring.add(b"one\ntwo\n")
    ring.add(b"three")
    assert texts(ring) == ["one", "two", "three"]
    assert ring.view().total_lines == 3


def test_half_a_character_waits_for_its_other_half() -> None:
    ring = OutputRing()
    first, second = "é".encode()[:1], "é".encode()[1:]
    ring.add(b"caf" + first)
    assert texts(ring) == ["caf"]
    ring.add(second)
    assert texts(ring) == ["café"]


def test_progress_bars_redraw_their_line() -> None:
    ring = OutputRing()
    ring.add(b"  0%\r 50%\r100%\ndone\n")
    assert texts(ring) == ["100%", "done"]


def test_a_flood_keeps_both_ends_and_counts_what_was_dropped() -> None:
    ring = OutputRing()
    lines = [f"line {number}" for number in range(200_000)]
    ring.add("\n".join(lines).encode() + b"\n")
    view = ring.view()
    kept = [line.text for line in view.lines if line.stream == "out"]
    assert kept[0] == "line 0"
    assert kept[-1] == "line 199999"
    assert set(kept) <= set(lines)
    assert view.dropped + len(kept) == 200_000 == view.total_lines
    notice = next(line.text for line in view.lines if line.stream == "notice")
    assert f"{view.dropped:,} lines dropped" in notice


def test_memory_stays_bounded() -> None:
    ring = OutputRing()
    chunk = b"x" * 60_000 + b"\n"
    ring.add(chunk * 20)
    tracemalloc.start()
    for _ in range(2_000):
        ring.add(bytes(chunk))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 << 20


def test_one_gigantic_line_is_clipped_with_a_sign() -> None:
    ring = OutputRing()
    ring.add(b"y" * 50_000)
    (line,) = texts(ring)
    assert line.startswith("y" * LINE_CHARACTERS + "…")
    assert "48,000 more characters" in line


def test_nothing_reaches_the_terminal_as_a_command() -> None:
    ring = OutputRing()
    ring.add(b"\x1b]0;title\x07a\x1b[2J\x1b[31mb\x9b5n\x00\x7f\n")
    joined = "".join(texts(ring))
    assert joined.startswith("ab")
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in joined)


def test_a_bar_that_redraws_for_ever_shows_its_last_state_alone() -> None:
    ring = OutputRing()
    ring.add(b"start\n")
    for number in range(20_000):
        ring.add(b"\r%6d/20000 \x1b[32m########\x1b[0m" % number)
    assert texts(ring) == ["start", " 19999/20000 ########"]


def test_short_lines_are_bounded_by_their_number() -> None:
    ring = OutputRing()
    ring.add(b"x\n" * 30_000)
    view = ring.view()
    assert len(view.lines) == 2 * LINES + 1
    assert view.dropped + 2 * LINES == 30_000 == view.total_lines


def test_a_line_longer_than_everything_keeps_both_ends_and_cuts_no_character() -> None:
    ring = OutputRing(head_bytes=10_000, tail_bytes=20_000)
    for _ in range(10_000):
        ring.add("é\x1b[31mü\x1b[0m ".encode())
    assert len(texts(ring)) == 3
    joined = "".join(texts(ring))
    assert "characters dropped" in joined
    assert "\ufffd" not in joined
    assert "[" not in joined
    assert "31m" not in joined


def test_what_is_seen_does_not_depend_on_when_one_looks() -> None:
    data = "a\x1b[3\nb\x1b]0;never ended\nc\x1b[1;31md\x1b[0m\tü\r\n…\n".encode()
    watched, unwatched = OutputRing(), OutputRing()
    for at in range(len(data)):
        watched.add(data[at : at + 1])
        watched.view()
    unwatched.add(data)
    assert watched.view() == unwatched.view()
    assert texts(watched) == ["a", "b", "cd      ü", "…"]


@pytest.mark.parametrize("size", [900, 5_000, 20_000])
def test_no_line_is_lost_or_doubled_where_head_meets_tail(size: int) -> None:
    ring = OutputRing(head_bytes=1_000, tail_bytes=200_000)
    lines = [f"line {number}" for number in range(size // 10)]
    data = ("\n".join(lines) + "\n").encode()
    for at in range(0, len(data), 37):
        ring.add(data[at : at + 37])
    assert texts(ring) == lines
    assert ring.view().dropped == 0
