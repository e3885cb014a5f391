"""The output of a run: bounded, exact at both ends, safe to draw."""

from __future__ import annotations

import tracemalloc

from tutor.session.output import LINE_CHARACTERS, OutputRing


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
