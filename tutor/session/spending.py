"""What learner code may spend here, limit by limit, and where each number comes from."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.session.api import SessionSettings
from tutor.session.machine import default_threads
from tutor.session.output import HEAD_BYTES, TAIL_BYTES
from tutor.text import bytes_text

GIB, MIB = 1 << 30, 1 << 20
MEMORY_SHARE = 60
"""Percent of the machine's memory; the rest is for the app, the browser and the system."""
_DISK, _LEAST_DISK, _FILE = 2 * GIB, 512 * MIB, 512 * MIB
_PROCESSES, _PROCESSES_A_CORE = 256, 16


@dataclass(frozen=True, slots=True)
class Means:
    """What this computer has. Bytes; 0 = not known."""

    cores: int
    memory: int
    disk_free: int
    """Where the scratch folder lies."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One number (bytes or a count, 0 = no limit), and why it is this one."""

    value: int
    why: str
    chosen: bool = False
    """The learner set it."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Every limit of one worker with all that it starts; `threads` is a count that torch obeys."""

    memory: Limit
    threads: Limit
    processes: Limit
    disk: Limit
    file_size: Limit
    output: Limit


def decide(settings: SessionSettings, means: Means) -> Spending:
    """The limits that hold: what was set, else what suits the computer."""
    disk = _chosen(settings.disk_bytes) or _disk(means.disk_free)
    return Spending(
        memory=_chosen(settings.memory_bytes) or _memory(means.memory),
        threads=_chosen(settings.threads) or _threads(means.cores),
        processes=_chosen(settings.processes) or _processes(means.cores),
        disk=disk,
        file_size=_chosen(settings.file_bytes) or _file_size(disk.value),
        output=_chosen(settings.output_bytes)
        or Limit(HEAD_BYTES + TAIL_BYTES, "more is slow to draw"),
    )


def _chosen(value: int) -> Limit | None:
    return Limit(value, "set", chosen=True) if value else None


def _memory(total: int) -> Limit:
    if not total:
        return Limit(0, "how much this machine has is not known")
    return Limit(
        total * MEMORY_SHARE // 100, f"{MEMORY_SHARE} % of this machine's {bytes_text(total)}"
    )


def _threads(cores: int) -> Limit:
    threads = default_threads(cores)
    if threads == 1:
        return Limit(1, f"on {cores} {'core' if cores == 1 else 'cores'} more would be slower")
    return Limit(threads, f"{cores} cores, one of them left to the app")


def _processes(cores: int) -> Limit:
    if cores * _PROCESSES_A_CORE > _PROCESSES:
        return Limit(cores * _PROCESSES_A_CORE, f"{_PROCESSES_A_CORE} for each of {cores} cores")
    return Limit(_PROCESSES, "enough for every lesson")


def _disk(free: int) -> Limit:
    if free and free // 2 < _DISK:
        return Limit(max(_LEAST_DISK, free // 2), f"the disk has only {bytes_text(free)} left")
    return Limit(_DISK, "enough for every lesson")


def _file_size(disk: int) -> Limit:
    if disk < _FILE:
        return Limit(disk, "all that the scratch folder may hold")
    return Limit(_FILE, "enough for every lesson")
