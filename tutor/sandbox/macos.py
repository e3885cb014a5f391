"""macOS: a seatbelt profile around each process, through sandbox-exec. UNTESTED on hardware.

The profile was written from Apple's profile language as other open sandboxes use it (reads by
allow list, writes in scratch only, no network) and has not been run on a Mac yet; `detect`
therefore tries it for real and falls back to "process-only" when it does not hold.
A process that imported torch must never be forked here: Metal hangs afterwards.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tutor.sandbox.isolation import GOOD, PROCESS_ONLY, Layers, Unavailable, View

_PROGRAM = "/usr/bin/sandbox-exec"
_SYSTEM = (
    *("/usr/lib", "/usr/share", "/usr/bin", "/bin", "/System", "/Library/Frameworks"),
    *("/Library/Apple", "/Library/Developer/CommandLineTools", "/private/var/db/dyld"),
    *("/private/var/db/timezone", "/private/etc/localtime", "/opt/homebrew", "/usr/local"),
)
_HEADER = """(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow mach-lookup (global-name "com.apple.MTLCompilerService")
  (global-name "com.apple.system.logger")
  (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow iokit-open (iokit-user-client-class "AGXDeviceUserClient")
  (iokit-user-client-class "AGXSharedUserClient")
  (iokit-registry-entry-class-prefix "IOAccel"))
(allow ipc-posix-shm (ipc-posix-name-prefix "/torch_"))
(allow ipc-posix-sem)
(allow file-read-metadata)
(allow file-read* (literal "/") (literal "/dev/random") (literal "/dev/urandom"))
(allow file-read* file-write* (literal "/dev/null") (literal "/dev/zero"))
"""


def detect(wanted: str = "") -> Layers:
    """ "good" when the profile holds, else "process-only".

    Raises:
        Unavailable: `wanted` does not work here.
    """
    works = wanted != "process-only" and _profile_holds()
    tier = "good" if works else "process-only"
    if wanted not in ("", tier):
        raise Unavailable(f"The isolation {wanted!r} was asked for, but only {tier!r} works here.")
    if works:
        missing = ("Memory is watched, not limited.",)
        return Layers("good", GOOD, missing, outer="seatbelt", fork=False)
    reason = "The sandbox was turned off." if wanted else "sandbox-exec did not confine a trial."
    return Layers("process-only", PROCESS_ONLY, (reason,), fork=False)


def wrap(command: list[str], layers: Layers, view: View) -> list[str]:
    """`command` under the profile of `view`, where seatbelt works."""
    if layers.outer != "seatbelt":
        return command
    return [_PROGRAM, "-p", profile(view), *command]


def profile(view: View, *, loopback: bool = False) -> str:
    """The profile text. The last rule that matches wins, so what is hidden comes last."""
    lines = [_HEADER]
    lines += [f"(allow file-read* (subpath {_quoted(path)}))" for path in (*_SYSTEM, *view.read)]
    lines += [
        f"(allow file-read* file-write* (subpath {_quoted(path)}))"
        for path in map(os.path.realpath, view.write)
    ]
    if view.network:
        lines.append("(allow network*)")
    elif loopback:
        lines.append('(allow network* (local ip "localhost:*") (remote ip "localhost:*"))')
    for path in map(os.path.realpath, view.hidden):
        lines.append(f"(deny file-read-data file-write* (subpath {_quoted(path)}))")
    return "\n".join(lines)


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _profile_holds() -> bool:
    """True when a file outside the profile cannot be read and one inside can."""
    if not Path(_PROGRAM).exists():
        return False
    view = View(read=(), write=())
    inside, outside = "/usr/share/zoneinfo", str(Path.home())
    return _lists(view, inside) and not _lists(view, outside)


def _lists(view: View, folder: str) -> bool:
    command = [_PROGRAM, "-p", profile(view), "/bin/ls", folder]
    try:
        return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
