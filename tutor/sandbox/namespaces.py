"""A small launcher that seals a command into its own mounts, processes, network and IPC (Linux).

Runs as a fresh `python -I -S` and needs no privilege where user namespaces are allowed. Inside,
only the listed paths exist; /tmp and /dev/shm are private; the network has loopback alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import struct
import sys
from dataclasses import asdict, dataclass
from typing import NoReturn

from tutor.sandbox.isolation import View
from tutor.sandbox.limits import drop_capabilities
from tutor.sandbox.paths import PLAIN_DEVICES, import_root, named_by_links
from tutor.sandbox.syscalls import PR_SET_PDEATHSIG, checked, libc, prctl

# CLONE_NEW: user, mount, process, IPC and host name namespaces
_NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x08000000 | 0x04000000
_NEW_NETWORK = 0x40000000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXEC, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _RECURSIVE, _SLAVE, _DETACH = 4096, 16384, 1 << 19, 2
# statvfs flag → mount flag that an unprivileged remount must keep
_LOCKED = {2: 2, 4: 4, 8: 8, 0x400: 0x400, 0x800: 0x800, 0x1000: 1 << 21}
_PROCESSES = 512
"""Processes and threads of all children together, besides a few for each core."""
_SET_INTERFACE_FLAGS, _UP, _RUNNING = 0x8914, 0x1, 0x40


@dataclass(frozen=True, slots=True)
class _Order:
    view: View
    command: list[str]


def wrap(command: list[str], view: View) -> list[str]:
    """The command line that runs `command` sealed; descriptors that are inherited stay open."""
    order = json.dumps(asdict(_Order(view, command)))
    start = (
        f"import sys; sys.path.insert(0, {import_root()!r}); "
        "from tutor.sandbox.namespaces import main; main()"
    )
    return [sys.executable, "-I", "-S", "-c", start, order]


def main() -> NoReturn:
    """Seal and run the order in argv; ends with the exit code of the command."""
    content = json.loads(sys.argv[1])
    view = content["view"]
    order = _Order(
        View(
            read=tuple(view["read"]),
            write=tuple(view["write"]),
            hidden=tuple(view["hidden"]),
            device_files=tuple(view["device_files"]),
            shared_memory=view["shared_memory"],
            network=view["network"],
        ),
        content["command"],
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _enter_namespaces(network=order.view.network)
    first = os.fork()
    if first:
        os.closerange(3, 65536)
        _wait_and_exit(first)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _build_root(order.view)
    if not order.view.network:
        _raise_loopback()
    _limit_processes()
    drop_capabilities()
    _be_first_process(order.command)


def _enter_namespaces(*, network: bool) -> None:
    user, group = os.getuid(), os.getgid()
    checked(libc.unshare(_NAMESPACES | (0 if network else _NEW_NETWORK)), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def _build_root(view: View) -> None:
    """Make a tmpfs with only the listed paths the root; the old tree is gone afterwards."""
    readable, links = named_by_links(view.read)  # while the links still lead somewhere
    _mount(None, "/", None, _RECURSIVE | _SLAVE)
    _mount("tmpfs", "/tmp", "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=0755,size=16m")
    os.makedirs("/tmp/old")  # noqa: PTH103
    os.makedirs("/tmp/new")  # noqa: PTH103
    _mount("tmpfs", "/tmp/new", "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=0755,size=16m")
    os.chdir("/tmp")
    checked(libc.pivot_root(b".", b"old"), "pivot_root")
    os.chdir("/")
    _private("/tmp", 64 << 20)
    for path in readable:
        _bind(path, read_only=True)
    for name, target in links:
        _link(name, target)
    for path in view.hidden:
        _cover(path)
    for path in (*PLAIN_DEVICES, *view.device_files):
        _bind(path, read_only=False)
    _private("/dev/shm", view.shared_memory)
    _links_in_dev()
    os.makedirs("/new/proc", exist_ok=True)  # noqa: PTH103
    _mount("proc", "/new/proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_EXEC)
    for path in view.write:
        _bind(path, read_only=False)
    checked(libc.umount2(b"/old", _DETACH), "umount")
    os.chdir("/new")
    checked(libc.pivot_root(b".", b"."), "pivot_root")
    checked(libc.umount2(b".", _DETACH), "umount")
    os.chdir("/")


def _bind(path: str, *, read_only: bool) -> None:
    source, target = "/old" + path, "/new" + path
    if not os.path.exists(source):  # noqa: PTH110
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
    if os.path.isdir(source):  # noqa: PTH112
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    elif not os.path.exists(target):  # noqa: PTH110
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    _mount(source, target, None, _BIND | _RECURSIVE)
    if read_only:
        flags = os.statvfs(target).f_flag
        kept = sum(mount for has, mount in _LOCKED.items() if flags & has)
        _mount(None, target, None, _BIND | _REMOUNT | _READ_ONLY | kept)


def _link(name: str, target: str) -> None:
    if not os.path.lexists("/new" + name):
        os.makedirs(os.path.dirname("/new" + name), exist_ok=True)  # noqa: PTH103, PTH120
        os.symlink(target, "/new" + name)  # noqa: PTH211


def _cover(path: str) -> None:
    target = "/new" + path
    if os.path.isdir(target):  # noqa: PTH112
        options = _READ_ONLY | _NO_SETUID | _NO_DEVICES | _NO_EXEC
        _mount("tmpfs", target, "tmpfs", options, "mode=0555,size=4k")
    elif os.path.lexists(target):
        _mount("/old/dev/null", target, None, _BIND)


def _private(path: str, size: int) -> None:
    os.makedirs("/new" + path, exist_ok=True)  # noqa: PTH103
    _mount(
        "tmpfs",
        "/new" + path,
        "tmpfs",
        _NO_SETUID | _NO_DEVICES,
        f"mode=1777,size={size},nr_inodes=64k",
    )


def _links_in_dev() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"/new/dev/{name}")  # noqa: PTH211
    os.symlink("/proc/self/fd", "/new/dev/fd")  # noqa: PTH211


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    text = [None if value is None else os.fsencode(value) for value in (source, target, kind)]
    result = libc.mount(*text, flags, None if options is None else options.encode())
    checked(result, f"mount {source} on {target}")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", _UP | _RUNNING)
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, request)


def _limit_processes() -> None:
    """Root is exempt from the kernel's limit of processes; a namespace of its own is not. Before
    Linux 6.14 this setting belonged to the whole computer, so it is left alone there."""
    numbers = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if numbers is None or tuple(map(int, numbers.groups())) < (6, 14):
        return
    with contextlib.suppress(OSError), open("/proc/sys/kernel/pid_max", "w") as file:  # noqa: PTH123
        file.write(str(_PROCESSES + 32 * (os.cpu_count() or 1)))


def _be_first_process(command: list[str]) -> NoReturn:
    """Process 1 of the namespace: start the command, bury orphans, end with the command."""
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    os.closerange(3, 65536)
    _wait_and_exit(child)


def _wait_and_exit(child: int) -> NoReturn:
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
