"""What a socket address means to a sandbox without a network of its own. Pure."""

from __future__ import annotations

import ipaddress
import os
import struct
from dataclasses import dataclass
from typing import Literal

UNSPECIFIED, UNIX, INET, INET6, NETLINK = 0, 1, 2, 10, 16
_LOOPBACK = b"\x7f\0\0\1"
_MAPPED_LOOPBACK = b"\0" * 10 + b"\xff\xff" + _LOOPBACK


@dataclass(frozen=True, slots=True)
class Address:
    """raw: the bytes to call the kernel with. kind "else": not to be used. port: of "inet".
    path: of "path", as the caller wrote it. name: of "abstract", without the leading zero."""

    kind: Literal["none", "path", "abstract", "unnamed", "inet", "netlink", "else"]
    raw: bytes = b""
    port: int = 0
    path: str = ""
    name: bytes = b""


def to_connect(raw: bytes) -> Address:
    """Internet addresses that are not this computer's loopback are "else"."""
    return _internet(raw) or _local(raw)


def to_bind(raw: bytes) -> Address:
    """The same; an address that means every interface is turned into loopback alone."""
    return _internet(raw) or _local(raw)


def _internet(raw: bytes) -> Address | None:
    family = _family(raw)
    if family == INET and len(raw) >= 8:
        start, packed, end = raw[:4], raw[4:8], raw[8:]
    elif family == INET6 and len(raw) >= 24:
        start, packed, end = raw[:8], raw[8:24], raw[24:]
    else:
        return Address("else") if family in (INET, INET6) else None
    ip = ipaddress.ip_address(packed)
    if ip.is_unspecified:
        # As IPv6 this stands for both protocols, and for the one that programs use here.
        packed = _LOOPBACK if family == INET else _MAPPED_LOOPBACK
    elif not (getattr(ip, "ipv4_mapped", None) or ip).is_loopback:
        return Address("else")
    port = struct.unpack_from("!H", raw, 2)[0]
    return Address("inet", start + packed + end, port=port)


def _local(raw: bytes) -> Address:
    family = _family(raw)
    if family == UNSPECIFIED:
        return Address("none", raw)
    if family == NETLINK:
        groups = bytes(4)  # no news of the network, answers alone
        return Address("netlink", raw[:8] + groups) if len(raw) >= 12 else Address("else")
    if family != UNIX:
        return Address("else")
    name = raw[2:]
    if not name:
        return Address("unnamed", raw)
    if name[0] == 0:
        return Address("abstract", raw, name=name[1:])
    return Address("path", raw, path=os.fsdecode(name.partition(b"\0")[0]))


def is_internet(raw: bytes) -> bool:
    """Whether it is an address of the internet family, wherever it leads."""
    return _family(raw) in (INET, INET6)


def path_address(path: str) -> bytes:
    """The unix address of `path`."""
    return struct.pack("=H", UNIX) + os.fsencode(path) + b"\0"


def loopback(family: int) -> bytes:
    """The address of any free port of loopback."""
    if family == INET:
        return struct.pack("=HH4s8x", INET, 0, _LOOPBACK)
    return struct.pack("=HHI16sI", INET6, 0, 0, _MAPPED_LOOPBACK, 0)


def _family(raw: bytes) -> int:
    return struct.unpack_from("=H", raw)[0] if len(raw) >= 2 else -1
