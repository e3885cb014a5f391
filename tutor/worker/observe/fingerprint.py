"""What identifies the state of a tensor, so that two looks tell what happened in between."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import Any, cast

import torch

from tutor import raw

_clock = time.perf_counter
CHECKSUM_BYTES = 256 << 10
"""Tensors up to this size get a checksum: writes through NumPy or `.data` leave no other trace."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Equal fingerprints of one tensor object: nothing happened to it that we can see."""

    layout: tuple[object, ...]
    version: int
    checksum: int | None
    gradient: tuple[int, int, int | None]

    def changed_since(self, before: Fingerprint) -> bool:
        """True when data, shape or place changed; the gradient is not looked at."""
        return (
            self.layout != before.layout
            or self.version != before.version
            or _differs(self.checksum, before.checksum)
        )

    def gradient_changed_since(self, before: Fingerprint) -> bool:
        return self.gradient[:2] != before.gradient[:2] or _differs(
            self.gradient[2], before.gradient[2]
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes of one storage that a tensor spans. `storage` is 0 where there is none."""

    storage: int = 0
    first: int = 0
    last: int = 0

    def overlaps(self, other: Place) -> bool:
        return (
            self.storage != 0
            and self.storage == other.storage
            and self.first < other.last
            and other.first < self.last
        )


def fingerprint(tensor: torch.Tensor, deadline: float) -> tuple[Fingerprint, Place]:
    """The state of `tensor` and where it lies; no checksums after `deadline` (perf_counter).

    Inside `raw.below_everything`. Never raises for odd tensors: what cannot be read is left out.
    """
    place = Place()
    layout: tuple[object, ...]
    try:
        data = raw.bare(tensor)
        place = _place(data)
        shape, stride = tuple(data.shape), tuple(data.stride())
        layout = (place, shape, stride, data.dtype, bool(raw.requires_grad_of(tensor)))
    except Exception:
        layout = (str(raw.layout_of(tensor)), bool(raw.requires_grad_of(tensor)))
    gradient = raw.gradient_of(tensor)
    of_gradient = (
        (0, 0, None)
        if gradient is None
        else (id(gradient), _version(gradient), _checksum(gradient, deadline))
    )
    return Fingerprint(layout, _version(tensor), _checksum(tensor, deadline), of_gradient), place


def _place(data: torch.Tensor) -> Place:
    if data.layout is not torch.strided or data.numel() == 0 or data.device.type == "meta":
        return Place()
    item = data.element_size()
    first = int(data.storage_offset()) * item
    span = 1 + sum((size - 1) * step for size, step in zip(data.shape, data.stride(), strict=True))
    return Place(data.untyped_storage()._cdata, first, first + int(span) * item)


def _version(tensor: torch.Tensor) -> int:
    try:
        return raw.version_of(tensor)
    except RuntimeError:  # inference tensors do not count
        return -1


def _checksum(tensor: torch.Tensor, deadline: float) -> int | None:
    try:
        data = raw.bare(tensor)
        size = data.numel() * data.element_size()
        if (
            data.device.type != "cpu"
            or data.layout is not torch.strided
            or data.is_quantized
            or not 0 < size <= CHECKSUM_BYTES
            or _clock() > deadline
        ):
            return None
        flat = data.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
        return zlib.crc32(cast(Any, flat.numpy()))
    except Exception:
        return None


def _differs(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other
