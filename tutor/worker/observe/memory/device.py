"""What torch's allocators say, of devices that the learner's code has already used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

from tutor.wire.observed.memory import DeviceMemory

_sum, _range, _Exception = sum, range, Exception


class _Allocator:
    """The counters of one kind of device. References are taken before learner code runs."""

    def __init__(self, kind: str, module: Any) -> None:
        self.kind = kind
        self.in_use: Callable[[], bool] = module.is_initialized
        self.devices: Callable[[], int] = module.device_count
        self.allocated: Callable[[int], int] = module.memory_allocated
        self.peak: Callable[[int], int] = module.max_memory_allocated
        self.reserved: Callable[[int], int] = module.memory_reserved
        self.about: Callable[[int], Any] = module.get_device_properties

    def measured(self) -> Iterator[DeviceMemory]:
        if not self.in_use():
            return
        for index in range(self.devices()):
            if reserved := self.reserved(index):
                yield DeviceMemory(
                    f"{self.kind}:{index}",
                    self.allocated(index),
                    self.peak(index),
                    reserved,
                    self.about(index).total_memory,
                )


def _allocators() -> Iterator[_Allocator]:
    for kind in ("cuda", "xpu"):
        try:
            yield _Allocator(kind, getattr(torch, kind))
        except AttributeError:  # this build of torch does not count for such devices
            continue


_ALLOCATORS = tuple(_allocators())
_apple_now = getattr(torch.mps, "current_allocated_memory", None)
_apple_reserved = getattr(torch.mps, "driver_allocated_memory", None)
_apple_most = getattr(torch.mps, "recommended_max_memory", None)


def allocated_bytes() -> int:
    """Bytes of tensors on accelerators that count without waiting. Wakes none up, never raises."""
    try:
        return _sum(
            [
                allocator.allocated(index)
                for allocator in _ALLOCATORS
                if allocator.in_use()
                for index in _range(allocator.devices())
            ]
        )
    except _Exception:
        return 0


def measured_devices(used: Iterable[str]) -> tuple[DeviceMemory, ...]:
    """Accelerators in use, at most 16. `used` are the devices of the learner's tensors: Apple's
    allocator is asked only where there are such, because asking would start it."""
    found: list[DeviceMemory] = []
    for allocator in _ALLOCATORS:
        try:
            found += allocator.measured()
        except Exception:  # the device is lost, or its driver is
            continue
    if any(name.startswith("mps") for name in used) and _apple_now and _apple_reserved:
        most = _apple_most() if _apple_most else 0
        found.append(DeviceMemory("mps", _apple_now(), 0, _apple_reserved(), most))
    return tuple(found[:16])
