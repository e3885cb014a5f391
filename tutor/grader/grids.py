"""Small pictures of values: at most 6 rows × 8 columns around the first difference."""

from __future__ import annotations

from typing import Any

import torch

from tutor.plain import LINE, NAME, clip, number_text
from tutor.raw import dtype_name
from tutor.text import shape_text
from tutor.wire.messages import Grid

ROWS, COLUMNS = 6, 8
_DIGITS = (4, 6, 9, 17)


def grid(title: str, tensor: torch.Tensor) -> Grid:
    """The top left corner of one tensor."""
    return _draw(title, tensor, (0,) * tensor.dim(), None, _DIGITS[0])


def grid_pair(
    expected: torch.Tensor, got: torch.Tensor, wrong: torch.Tensor, first: tuple[int, ...]
) -> tuple[Grid, Grid]:
    """The same window of both, around index `first`; every visible cell in `wrong` is marked.

    All three tensors have one shape. Digits are added until the first difference shows.
    """
    pair = None
    for digits in _DIGITS:
        pair = (
            _draw("expected", expected, first, wrong, digits),
            _draw("yours", got, first, wrong, digits),
        )
        if _cell(expected, first, digits) != _cell(got, first, digits):
            break
    assert pair is not None
    return pair


def plain_grid(title: str, value: Any) -> Grid:
    """A value that is not a tensor: one row, one cell; lists and tuples one cell an item."""
    about = type(value).__name__
    if isinstance(value, (list, tuple)) and all(_is_plain(item) for item in value):
        cells = tuple(clip(_short(item), 40) for item in value[:COLUMNS])
        left = len(value) - len(cells)
        return Grid(title, f"{about} of {len(value)}", (cells,), note=_more(left))
    text = _short(value)
    return Grid(title, about, ((clip(text, NAME),),))


def about(tensor: torch.Tensor) -> str:
    """`2×3 float32`."""
    return f"{shape_text(tuple(tensor.shape))} {dtype_name(tensor.dtype)}"


def _draw(
    title: str,
    tensor: torch.Tensor,
    around: tuple[int, ...],
    wrong: torch.Tensor | None,
    digits: int,
) -> Grid:
    if tensor.device.type == "meta":
        return Grid(title, about(tensor), (), note="no data: this tensor is on the meta device")
    if tensor.numel() == 0:
        return Grid(title, about(tensor), (), note="empty: it holds no number")
    plane, marks, note = _plane(tensor, wrong, around)
    row, column = (0, 0, *around)[-2:]
    rows, columns = _window(row, plane.shape[0], ROWS), _window(column, plane.shape[1], COLUMNS)
    window = plane[rows.start : rows.stop, columns.start : columns.stop].tolist()
    shown = marks[rows.start : rows.stop, columns.start : columns.stop].nonzero().tolist()
    notes = [note, _elided("rows", rows, plane.shape[0])]
    notes.append(_elided("columns", columns, plane.shape[1]))
    return Grid(
        title=clip(title, LINE),
        about=about(tensor),
        cells=tuple(tuple(number_text(value, digits) for value in line) for line in window),
        marked=tuple((r, c) for r, c in shown),
        note="; ".join(filter(None, notes)),
    )


def _plane(
    tensor: torch.Tensor, wrong: torch.Tensor | None, around: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor, str]:
    """The rows × columns that hold `around`, the marks there, and which slice this is."""
    tensor = _printable(tensor)
    marks = torch.zeros(tensor.shape, dtype=torch.bool) if wrong is None else wrong
    if tensor.dim() < 2:
        return tensor.reshape(1, -1), marks.reshape(1, -1), ""
    lead = around[:-2]
    note = ""
    if lead:
        note = f"slice [{', '.join(map(str, lead))}, :, :] of {shape_text(tuple(tensor.shape))}"
    return tensor[lead], marks[lead], note


def _printable(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < 4:
        return tensor.float()
    return tensor


def _window(index: int, size: int, limit: int) -> range:
    start = max(0, min(index - limit // 2, size - limit)) if size > limit else 0
    if index < limit:
        start = 0
    return range(start, min(size, start + limit))


def _elided(what: str, shown: range, size: int) -> str:
    if len(shown) == size:
        return ""
    return f"{what} {shown.start}–{shown.stop - 1} of {size}"


def _cell(tensor: torch.Tensor, index: tuple[int, ...], digits: int) -> str:
    return number_text(_printable(tensor)[index].item(), digits)


def _is_plain(item: Any) -> bool:
    return item is None or isinstance(item, (bool, int, float, str))


def _short(item: Any) -> str:
    if isinstance(item, float):
        return number_text(item)
    return clip(repr(item), NAME)


def _more(count: int) -> str:
    return f"and {count} more" if count > 0 else ""
