"""What the sandbox of this computer enforces, layer by layer, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["strong", "good", "process-only"]
Outer = Literal["", "bubblewrap", "namespaces", "seatbelt"]


@dataclass(frozen=True, slots=True)
class Layers:
    """outer: what surrounds the zygote. landlock: its version, 0 = none. supervised: calls that a
    filter cannot judge are decided one by one. fork: whether a process that has imported torch
    can be forked safely on this system."""

    tier: Tier
    sentence: str
    missing: tuple[str, ...] = ()
    outer: Outer = ""
    landlock: int = 0
    seccomp: bool = False
    supervised: bool = False
    fork: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What the zygote and all its children may see; the narrower rules come in each child.

    hidden: never visible, even below a readable folder. shared_memory: bytes of a private
    /dev/shm, where there is one. network: this computer's own is shared, instead of a private one.
    """

    read: tuple[str, ...]
    write: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    device_files: tuple[str, ...] = ()
    shared_memory: int = 2 << 30
    network: bool = False


class Unavailable(Exception):
    """The isolation that was asked for does not work here; str() says why in one sentence."""


STRONG = (
    "Your code runs in a sealed box: it cannot reach the network, sees no files but Python and "
    "the lesson's, and can write only in its scratch folder."
)
GOOD = (
    "Your code cannot reach the network, reads no files but Python's and the lesson's, and can "
    "write only in its scratch folder."
)
PROCESS_ONLY = (
    "Your code runs in a process of its own with limits, but with your rights: it can read and "
    "write your files and use the network."
)


def linux_layers(
    outer: Outer, landlock: int, seccomp: bool, reasons: tuple[str, ...], supervised: bool = False
) -> Layers:
    """The tier that these working layers make. `reasons` say why a layer is absent."""
    signals = _signals(landlock, supervised)
    if outer and landlock and seccomp:
        return Layers("strong", STRONG, signals, outer, landlock, seccomp, supervised)
    if outer and seccomp:
        return Layers("good", GOOD, reasons + signals, outer, 0, seccomp, supervised)
    if landlock and seccomp:
        missing = (*reasons, *_without_namespaces(supervised), *signals)
        return Layers("good", GOOD, missing, "", landlock, seccomp, supervised)
    return Layers("process-only", PROCESS_ONLY, reasons, "", 0, False)


def _without_namespaces(supervised: bool) -> tuple[str, ...]:
    seen = "Names of other files and running programs can be seen, their contents not."
    if supervised:
        return (seen,)
    return (
        seen,
        "DataLoader workers and other processes that share tensors do not work, because local "
        "sockets and shared memory are closed.",
        "Changing permissions and times of files does not work.",
        "Distributed training does not work, because local ports are closed.",
    )


def _signals(landlock: int, supervised: bool) -> tuple[str, ...]:
    if landlock >= 6 or supervised:
        return ()
    return ("A process cannot signal the processes it started.",)
