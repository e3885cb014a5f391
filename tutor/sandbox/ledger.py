"""Which TCP ports belong to the sandbox: one table that all its monitors share.

A monitor writes down what its tree binds; another one lets its tree connect there. The children
themselves never have the table.
"""

from __future__ import annotations

import mmap
import struct

_PORTS = 1 << 16
_ENTRY = struct.Struct("=Q")
_LISTENING = "0A"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


class Ledger:
    """Port → inode of the socket that this sandbox bound there last. Make it before the monitors
    are forked."""

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, _PORTS * _ENTRY.size)

    def keep_from_children(self) -> None:
        """Processes that are forked from now on do not have the table."""
        self._table.madvise(mmap.MADV_DONTFORK)

    def note(self, port: int, inode: int) -> None:
        _ENTRY.pack_into(self._table, port * _ENTRY.size, inode)

    def owns(self, port: int) -> bool:
        """Whether this sandbox, and nobody else, listens on `port` of this computer right now."""
        noted = _ENTRY.unpack_from(self._table, port * _ENTRY.size)[0]
        return listeners(port) == {noted}

    def free(self, port: int) -> bool:
        """Whether no program outside the sandbox listens on `port`."""
        return port == 0 or not listeners(port) or self.owns(port)


def listeners(port: int, tables: tuple[str, ...] = _TABLES) -> set[int]:
    """Inodes of the sockets that listen on `port`. Raises OSError where the kernel does not tell.

    The address is not looked at: whoever listens on the port on any interface counts.
    """
    found: set[int] = set()
    mark = f":{port:04X}"
    for table in tables:
        try:
            with open(table) as file:  # noqa: PTH123
                lines = file.readlines()[1:]
        except FileNotFoundError:
            continue  # no IPv6 here
        for line in lines:
            fields = line.split()
            if fields[1].endswith(mark) and fields[3] == _LISTENING:
                found.add(int(fields[9]))
    return found
