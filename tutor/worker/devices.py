"""The one place that asks torch what it can compute on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

from tutor.wire.messages import Device


def found_devices() -> tuple[Device, ...]:
    """Every device that torch can use here, best first; the CPU is always the last one."""
    return (*_cuda(), *_mps(), *_xpu(), _cpu())


def notes() -> tuple[str, ...]:
    """Sentences about a GPU that one might expect here and that torch does not see."""
    said: list[str] = []
    cuda, hip = torch.version.cuda, torch.version.hip
    if (cuda or hip) and not torch.cuda.is_available():
        build = f"CUDA {cuda}" if cuda else f"ROCm {hip}"
        said.append(f"{build} build of torch, but no GPU was found: {_why_no_cuda()}")
    elif not (cuda or hip) and Path("/proc/driver/nvidia/version").exists():
        said.append(
            "There is an NVIDIA driver here, but this torch was built for the CPU alone. "
            "pytorch.org/get-started lists builds with CUDA."
        )
    if torch.backends.mps.is_built() and not torch.backends.mps.is_available():
        said.append("torch was built for Apple GPUs, but macOS reported none that it can use.")
    return tuple(said)


def resolve(name: str) -> torch.device:
    """The device called `name` ("cpu", "cuda:1"); "" is the best one found here."""
    if name:
        return torch.device(name)
    best = found_devices()[0]
    return torch.device(best.kind, best.index) if best.index else torch.device(best.kind)


def _cuda() -> list[Device]:
    if not torch.cuda.is_available():
        return []
    found = []
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        found.append(Device("cuda", index, about.name, about.total_memory))
    return found


def _mps() -> list[Device]:
    if not torch.backends.mps.is_available():
        return []
    memory = getattr(torch.mps, "recommended_max_memory", lambda: 0)()
    return [Device("mps", 0, platform.processor() or "Apple GPU", int(memory))]


def _xpu() -> list[Device]:
    if not torch.xpu.is_available():
        return []
    found = []
    for index in range(torch.xpu.device_count()):
        about = torch.xpu.get_device_properties(index)
        found.append(Device("xpu", index, about.name, about.total_memory))
    return found


def _cpu() -> Device:
    return Device("cpu", 0, cpu_name(), _memory())


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor as its maker calls it, or its architecture."""
    try:
        for line in cpuinfo.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip().lower() in ("model name", "cpu model") and value.strip():
                return " ".join(value.split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def _why_no_cuda() -> str:
    """torch's own reason; asking it is the only way to hear it."""
    try:
        torch.cuda.init()
    except Exception as error:
        return " ".join(str(error).split())[:300]
    return "torch gave no reason."
