"""The same sealing as `namespaces`, by the bubblewrap program where the system has it."""

from __future__ import annotations

from pathlib import Path

from tutor.sandbox.isolation import View
from tutor.sandbox.paths import named_by_links


def wrap(command: list[str], view: View, program: str = "bwrap") -> list[str]:
    """The command line that runs `command` inside bubblewrap."""
    line = [program, "--unshare-user", "--unshare-pid", "--unshare-ipc"]
    line += [] if view.network else ["--unshare-net"]
    line += ["--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    line += ["--cap-drop", "ALL", "--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
    line += _private("/dev/shm", view.shared_memory) + _private("/tmp", 64 << 20)
    readable, links = named_by_links(view.read)
    for path in readable:
        line += ["--ro-bind", path, path]
    for name, target in links:
        line += ["--symlink", target, name]
    for path in view.hidden:
        if Path(path).is_dir():
            line += ["--tmpfs", path, "--remount-ro", path]
        elif Path(path).exists():
            line += ["--ro-bind", "/dev/null", path]
    for path in view.device_files:
        line += ["--dev-bind-try", path, path]
    for path in view.write:
        line += ["--bind", path, path]
    return [*line, "--chdir", "/", "--", *command]


def _private(path: str, size: int) -> list[str]:
    return ["--size", str(size), "--perms", "1777", "--tmpfs", path]
