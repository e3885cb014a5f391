"""Strides as steps through memory: where one step along each dimension lands; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tutor.ui.widgets.plain import plain

_HERE, _PASSED = "●", "·"


def step_lines(
    shape: Sequence[int], strides: Sequence[int], itemsize: int, width: int
) -> list[Content]:
    """For each dimension a piece of memory from the first element on, one character a number.

    `itemsize` is in bytes, 0 where it is not known. [] for scalars and empty tensors.
    """
    if not shape or len(shape) != len(strides) or 0 in shape or width < 30:
        return []
    heads = [f"dim {number} " for number in range(len(shape))]
    words = [step_words(size, step, itemsize) for size, step in zip(shape, strides, strict=True)]
    longest = max(map(len, words))
    room = max(8, width - len(heads[-1]) - longest - 2)
    lines = [Content(""), plain("steps through memory, one character a number", "$text-muted")]
    tracks = [track(size, step, room) for size, step in zip(shape, strides, strict=True)]
    widest = max(map(len, tracks))
    for head, picture, said in zip(heads, tracks, words, strict=True):
        lines.append(
            plain(head, "$text-muted")
            + plain(picture.ljust(widest), "$text-primary")
            + plain(f"  {said}", "$text-muted")
        )
    return lines


def track(size: int, step: int, room: int) -> str:
    """`●···●···●` for three elements four apart; cut with … where the room ends."""
    if size == 1 or step == 0:
        return _HERE
    whole = _HERE + (_PASSED * (step - 1) + _HERE) * (size - 1) if step * size < 4 * room else ""
    if whole and len(whole) <= room:
        return whole
    if step < room - 1:
        piece = whole or (_HERE + _PASSED * (step - 1)) * (room // step + 1)
        return piece[: room - 1] + "…"
    return f"{_HERE}{_PASSED * 3}…"


def step_words(size: int, step: int, itemsize: int) -> str:
    """`4 numbers, 16 B a step`."""
    if size == 1:
        return "only one place: no step"
    if step == 0:
        return "stands still: every place reads the same number"
    numbers = "1 number" if step == 1 else f"{step:,} numbers"
    return f"{numbers}, {step * itemsize:,} B a step" if itemsize else f"{numbers} a step"
