"""What one name held over all looks: shapes as ranges, dtypes, devices; never the value itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tutor import raw
from tutor.plain import NAME, clip
from tutor.wire.observed.lines import LineValue

ITEMS = 16
"""Tensors of a list or tuple that are looked at."""
RANKS = 3
"""Shapes of different length that are kept."""
DTYPES = 3

_type, _issubclass, _len, _min, _max = type, issubclass, len, min, max
_int, _tuple, _list, _str, _array = int, tuple, list, str, np.ndarray
_zip, _all = zip, all
_tuple_items, _list_items = tuple.__getitem__, list.__getitem__
_tuple_len, _list_len = tuple.__len__, list.__len__
_array_shape, _array_dtype = np.ndarray.shape.__get__, np.ndarray.dtype.__get__  # type: ignore[attr-defined]
_Parameter, _Tensor = torch.nn.Parameter, torch.Tensor

Shape = tuple[int, ...]
Ranges = list[tuple[int, int]]


@dataclass(slots=True)
class Seen:
    """Grows with every look. Inside `torch._C.DisableTorchFunction`; runs no learner code."""

    shapes: dict[int, Ranges] = field(default_factory=dict)
    """By number of dimensions, the lowest and highest size of each."""
    dtypes: list[str] = field(default_factory=list)
    device: str = ""
    items: tuple[int, int] | None = None
    """Lowest and highest length, where it is a list or tuple of tensors."""
    array: bool = False

    def look(self, value: Any) -> bool:
        """Take in `value`; True when that changed what is known. Raises for odd tensors."""
        kind = _type(value)
        if raw.is_tensor(value):
            return self._tensor(value)
        if kind is _array:
            self.array = True
            return self._shape(_array_shape(value), _str(_array_dtype(value)), "")
        if _issubclass(kind, _tuple):
            return self._several(value, _tuple_len(value), _tuple_items)
        if kind is _list:
            return self._several(value, _list_len(value), _list_items)
        return False

    def _several(self, value: Any, count: int, item: Any) -> bool:
        some = [item(value, place) for place in range(_min(count, ITEMS))]
        if not some or not _all([raw.is_tensor(one) for one in some]):
            return False
        low, high = self.items or (count, count)
        items = (_min(low, count), _max(high, count))
        changed = items != self.items
        self.items = items
        for one in some:
            changed = self._tensor(one) or changed
        return changed

    def _tensor(self, tensor: torch.Tensor) -> bool:
        device = raw.device_of(tensor)
        name = "" if device.type == "cpu" else _str(device)
        return self._shape(raw.shape_of(tensor), raw.dtype_name(raw.dtype_of(tensor)), name)

    def _shape(self, sizes: Any, dtype: str, device: str) -> bool:
        shape = _tuple(sizes)
        for size in shape:
            if _type(size) is not _int:  # symbolic: reading it as a number would bind it
                return False
        changed = False
        known = self.shapes.get(_len(shape))
        if known is None:
            if _len(self.shapes) == RANKS:
                return False
            self.shapes[_len(shape)] = [(size, size) for size in shape]
            changed = True
        else:
            merged = [
                (_min(low, size), _max(high, size))
                for (low, high), size in _zip(known, shape, strict=True)
            ]
            if merged != known:
                self.shapes[_len(shape)] = merged
                changed = True
        if dtype not in self.dtypes and _len(self.dtypes) < DTYPES:
            self.dtypes.append(dtype)
            changed = True
        if device != self.device:
            self.device = device
            changed = True
        return changed

    def value(self, name: str, line: int) -> LineValue | None:
        """As a message; None while nothing was seen."""
        if not self.shapes:
            return None
        return LineValue(
            line=line,
            name=clip(name, NAME),
            shapes=_tuple([_tuple(ranges) for ranges in _list(self.shapes.values())]),
            dtypes=_tuple(self.dtypes),
            device=clip(self.device, NAME),
            items=self.items,
            array=self.array,
        )
