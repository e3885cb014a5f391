"""What an attack would like to reach: files, sockets, a terminal and a program of the user, none of
them any of the worker's business. And whether something happened to them."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tutor.sandbox.limits import drop_capabilities

SECRET = "TOP-SECRET-7391"
_FILES = {
    ".ssh/id_rsa": (SECRET, 0o600),
    ".bashrc": ("honest", 0o600),
    "progress.db": ("honest", 0o600),
    "course/asset.txt": ("an asset", 0o600),
    "course/checks/check.py": (SECRET, 0o600),
    "elsewhere/note.txt": (SECRET, 0o600),
    "other-scratch/.tmp/1/answer.txt": (SECRET, 0o600),
}


@dataclass
class Outside:
    """`names` are visible to attack code."""

    home: Path
    scratch: Path
    listener: socket.socket
    everywhere: socket.socket
    datagrams: socket.socket
    unix: socket.socket
    unix_datagrams: socket.socket
    abstract: socket.socket
    shared: Path
    terminal: tuple[int, int]
    victim: subprocess.Popen[bytes] = field(init=False)
    _times: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.victim = _start_victim()
        self.reset()

    @property
    def names(self) -> dict[str, Any]:
        return {
            "HOME": str(self.home),
            "SECRET": SECRET,
            "PORT": self.listener.getsockname()[1],
            "EVERYWHERE": self.everywhere.getsockname()[1],
            "EXTERNAL": external_address(),
            "DATAGRAM_PORT": self.datagrams.getsockname()[1],
            "UNIX": self.unix.getsockname(),
            "UNIX_DATAGRAMS": self.unix_datagrams.getsockname(),
            "ABSTRACT": self.abstract.getsockname(),
            "SHARED": str(self.shared),
            "TERMINAL": os.ttyname(self.terminal[1]),
            "VICTIM": self.victim.pid,
            "APP": os.getpid(),
        }

    @property
    def victim_lives(self) -> bool:
        return self.victim.poll() is None

    def harm(self) -> list[str]:
        """What is not as it was at the last `reset`."""
        found = []
        for name, (text, mode) in _FILES.items():
            path = self.home / name
            status = path.stat() if path.exists() else None
            if status is None or path.read_text() != text:
                found.append(f"{name} was changed")
            elif status.st_mode & 0o777 != mode or status.st_mtime_ns != self._times[name]:
                found.append(f"the mode or time of {name} was changed")
        known = {*(name.split("/")[0] for name in _FILES), "bus", "datagrams"}
        found += [f"{path.name} is new" for path in self.home.iterdir() if path.name not in known]
        if self._received():
            found.append("a datagram arrived")
        return found + self._harm_to_victim()

    def _received(self) -> bool:
        for its in (self.datagrams, self.unix_datagrams):
            try:
                its.recv(100)
            except BlockingIOError:
                continue
            return True
        return False

    def _harm_to_victim(self) -> list[str]:
        if not self.victim_lives:
            return ["the victim was killed"]
        pid = self.victim.pid
        found = []
        if "T" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
            found.append("the victim was stopped")
        if os.getpriority(os.PRIO_PROCESS, pid) or os.getpriority(os.PRIO_PROCESS, 0):
            found.append("a program was reniced")
        if os.sched_getaffinity(pid) != os.sched_getaffinity(0):
            found.append("the victim was pinned")
        if resource.prlimit(pid, resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY:
            found.append("the victim was limited")
        return found

    def reset(self) -> None:
        """Undo what attacks did where nothing confined them."""
        for name, (text, mode) in _FILES.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)
            self._times[name] = path.stat().st_mtime_ns
        (self.home / "course/lessons").mkdir(exist_ok=True)
        self.shared.write_text(SECRET)
        self._received()
        if not self.victim_lives or self._harm_to_victim():
            self.victim.kill()
            self.victim.wait()
            self.victim = _start_victim()

    def close(self) -> None:
        for its in (self.listener, self.everywhere, self.datagrams, self.unix):
            its.close()
        for its in (self.unix_datagrams, self.abstract):
            its.close()
        for end in self.terminal:
            os.close(end)
        self.shared.unlink()
        self.victim.kill()
        self.victim.wait()


def make_outside(folder: Path) -> Outside:
    home = folder / "home"
    home.mkdir()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    unix_datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    unix_datagrams.bind(str(home / "datagrams"))
    for its in (datagrams, unix_datagrams):
        its.setblocking(False)
    return Outside(
        home=home,
        scratch=folder / "scratch",
        listener=socket.create_server(("127.0.0.1", 0), backlog=1000),
        everywhere=socket.create_server(("0.0.0.0", 0), backlog=1000),
        datagrams=datagrams,
        unix=_listening(str(home / "bus")),
        unix_datagrams=unix_datagrams,
        abstract=_listening(f"\0torch-tutor-test-{os.getpid()}-{folder.name}"),
        shared=Path(f"/dev/shm/torch-tutor-test-{os.getpid()}-{folder.name}"),
        terminal=os.openpty(),
    )


def _listening(address: str) -> socket.socket:
    its = socket.socket(socket.AF_UNIX)
    its.bind(address)
    its.listen(1000)
    return its


def _start_victim() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(3600)"],
        env={**os.environ, "VICTIM_SECRET": SECRET},
        preexec_fn=drop_capabilities,  # like a program of an ordinary user, also when we are root
    )


@cache
def external_address() -> str:
    """Of this computer in its network; "" where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
        try:
            it.connect(("192.0.2.1", 9))  # nothing is sent
            return it.getsockname()[0]
        except OSError:
            return ""
