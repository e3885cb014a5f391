"""One tensor opened: a heat map, its numbers when they are few, and how it lies in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from tutor import raw
from tutor.plain import LINE, clip, number_text
from tutor.text import shape_text
from tutor.wire.messages import InspectFailed, TensorDetail
from tutor.worker.observe.histogram import Histogram, histogram_of
from tutor.worker.observe.statistics import statistics
from tutor.worker.observe.tensors import row_of
from tutor.worker.observe.walk import tensors_in

HEAT_ROWS, HEAT_COLUMNS = 24, 48
VALUE_ROWS, VALUE_COLUMNS = 12, 12
LEVELS = 254
NOT_FINITE = 255

_avg_pool, _aminmax = torch.nn.functional.adaptive_avg_pool2d, torch.aminmax
_isfinite, _where = torch.isfinite, torch.where


@dataclass(frozen=True, slots=True)
class Heat:
    """Levels 0–254 from `low` to `high`, 255 = not finite; row-major."""

    rows: int = 0
    columns: int = 0
    levels: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None


def inspect_tensor(
    names: Mapping[str, Any], preloaded: Mapping[str, Any], path: str
) -> TensorDetail | InspectFailed:
    """The detail of the tensor at `path`; a reason in words where it cannot be had."""
    with raw.below_everything():
        for item in tensors_in(names, preloaded):
            if item.path == path:
                try:
                    return _detail(item)
                except Exception as error:
                    reason = f"This tensor could not be read ({type(error).__name__})."
                    return InspectFailed(clip(path, LINE), reason)
    return InspectFailed(clip(path, LINE), "There is no tensor of this name any more.")


def _detail(item: Any) -> TensorDetail:
    tensor = item.tensor
    figures = statistics(tensor)
    row = row_of(item, figures)
    data = raw.bare(tensor)
    if data.layout is not torch.strided or raw.is_nested_of(tensor) or data.is_quantized:
        return TensorDetail(item.path, row, slice_note=figures.note)
    try:
        storage_bytes = data.untyped_storage().nbytes()
    except Exception:  # wrappers without a storage of their own
        storage_bytes = 0
    plane, note = first_plane(data, item.path)
    has_data = data.device.type != "meta" and data.numel() > 0 and not figures.note.startswith("no")
    heat = heat_of(plane) if has_data else Heat()
    spread = histogram_of(data) if has_data else Histogram()
    return TensorDetail(
        path=item.path,
        row=row,
        strides=tuple(data.stride()),
        offset=int(data.storage_offset()),
        contiguous=bool(data.is_contiguous()),
        storage_bytes=storage_bytes,
        heat_rows=heat.rows,
        heat_columns=heat.columns,
        heat=heat.levels,
        low=heat.low,
        high=heat.high,
        values=values_of(plane) if has_data else (),
        slice_note=clip(note, LINE),
        itemsize=int(data.element_size()),
        spread=spread.counts,
        spread_low=spread.low,
        spread_high=spread.high,
    )


def first_plane(data: torch.Tensor, path: str) -> tuple[torch.Tensor, str]:
    """`data` as rows × columns: the first of all planes where there are more dimensions."""
    if data.dim() < 2:
        return data.reshape(1, -1), ""
    extra = data.dim() - 2
    plane = data[(0,) * extra] if data.numel() else data.reshape(0, 0)
    if not extra:
        return plane, ""
    index = ", ".join(["0"] * extra + [":", ":"])
    return plane, f"{path}[{index}], one plane of {shape_text(tuple(data.shape))}"


def heat_of(plane: torch.Tensor) -> Heat:
    """At most 24 × 48 levels; in a larger plane each cell is the mean of a patch.

    Where both signs occur the scale is symmetric, so that 0 is always the middle level.
    """
    if plane.is_complex():
        plane = plane.abs()
    rows, columns = plane.shape
    if rows > HEAT_ROWS or columns > HEAT_COLUMNS:
        # Never touch more than about 512 × 512 elements.
        plane = plane[:: max(1, rows // 512), :: max(1, columns // 512)].double()
        size = (min(rows, HEAT_ROWS), min(columns, HEAT_COLUMNS))
        plane = _avg_pool(plane[None], size)[0]
    plane = plane.double().cpu()
    finite = _isfinite(plane)
    if not bool(finite.any()):
        levels = (NOT_FINITE,) * plane.numel()
        return Heat(plane.shape[0], plane.shape[1], levels)
    low, high = (bound.item() for bound in _aminmax(plane[finite]))
    if low < 0 < high:
        high = max(high, -low)
        low = -high
    scale = LEVELS / (high - low) if high > low else 0.0
    scaled = ((_where(finite, plane, low) - low) * scale).round()
    levels = _where(finite, scaled, float(NOT_FINITE)).to(torch.int64).flatten().tolist()
    return Heat(plane.shape[0], plane.shape[1], tuple(levels), low, high)


def values_of(plane: torch.Tensor) -> tuple[tuple[str, ...], ...]:
    """Every number as text, in planes of at most 12 × 12; else nothing."""
    if plane.shape[0] > VALUE_ROWS or plane.shape[1] > VALUE_COLUMNS:
        return ()
    if plane.is_floating_point() and plane.element_size() < 4:
        plane = plane.float()
    return tuple(tuple(map(number_text, row)) for row in plane.cpu().tolist())
