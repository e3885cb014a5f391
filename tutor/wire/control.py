"""The conversation with the zygote: fork a worker, signal it, hear of its end.

Carried as one JSON object a packet over a SEQPACKET socket that only trusted code holds;
`Fork` comes with two file descriptors (protocol socket, output pipe) by SCM_RIGHTS.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tutor.wire.base import Message
from tutor.wire.frames import ProtocolError

Role = Literal["worker", "grader", "detect"]


class Policy(Message, frozen=True, tag=True):
    """What one process may read, write, reach and spend. Sizes in bytes; 0 = not limited here."""

    read: tuple[str, ...]
    write: tuple[str, ...]
    list_only: tuple[str, ...] = ()  # directories whose names may be listed, not their files read
    hidden: tuple[str, ...] = ()  # never readable, even below a readable folder
    device_files: tuple[str, ...] = ()
    network: Literal["none", "loopback", "internet"] = "none"
    cwd: str = "/"
    environment: dict[str, str] = {}
    data_bytes: int = 0
    file_bytes: int = 512 << 20
    open_files: int = 1024
    processes: int = 0
    nice: int = 5
    threads: int = 1
    landlock: bool = True
    landlock_at_most: int = 99  # behave like a kernel with this older version, for trials
    seccomp: bool = True
    private: bool = False  # other processes of this user may not look into it
    own_pids: bool = False  # a PID namespace surrounds us: other processes cannot be named
    assets: str = ""  # folder of the course data, for the name `assets` in cells
    device: str = ""  # torch device for the `device` name in cells, "" = decide by detection


class Warm(Message, frozen=True, tag=True):
    """zygote → app: torch is imported. `extras` follows when the second step is done."""

    pid: int
    torch: str
    threads: int
    seconds: float
    extras: bool = False


class Fork(Message, frozen=True, tag=True):
    """app → zygote: fork one sandboxed process."""

    id: int
    role: Role
    policy: Policy


class Signal(Message, frozen=True, tag=True):
    """app → zygote: interrupt (SIGINT to the group) or kill (the whole tree) child `id`."""

    id: int
    kind: Literal["interrupt", "kill"]


class Succeed(Message, frozen=True, tag=True):
    """app → zygote: fork a successor that imports the slow extras, then serves on the socket that
    comes with this message. The old zygote goes on serving what it has forked."""


class Forked(Message, frozen=True, tag=True):
    """zygote → app: child `id` exists; pid as the zygote sees it."""

    id: int
    pid: int


class Exited(Message, frozen=True, tag=True):
    """zygote → app: child `id` and all its descendants are gone. `status` as from waitpid."""

    id: int
    status: int
    reason: str = ""


ToZygote = Fork | Signal | Succeed
FromZygote = Warm | Forked | Exited

_to = msgspec.json.Decoder(ToZygote)
_from = msgspec.json.Decoder(FromZygote)
encode = msgspec.json.Encoder().encode


def decode_to_zygote(data: bytes) -> ToZygote:
    """The request in `data`; only the app can have written it."""
    return _to.decode(data)


def decode_from_zygote(data: bytes) -> Any:
    """Raises ProtocolError on anything but a control message."""
    try:
        return _from.decode(data)
    except msgspec.MsgspecError as error:
        raise ProtocolError(f"bad control message: {error}") from None
