"""Finds out, by trying each layer, what isolation this Linux gives. Takes well under 0.2 s."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

from tutor.sandbox import bubblewrap, namespaces
from tutor.sandbox.isolation import PROCESS_ONLY, Layers, Outer, Unavailable, View, linux_layers
from tutor.sandbox.paths import SYSTEM, import_root

_TIMEOUT = 10.0


def detect(wanted: str = "") -> Layers:
    """The best isolation here, or exactly the tier `wanted` ("strong", "good", "process-only").

    "good" leaves the namespaces out, so that the weaker tier can be had where the stronger works.

    Raises:
        Unavailable: `wanted` does not work here.
    """
    if wanted == "process-only":
        return Layers("process-only", PROCESS_ONLY, ("The sandbox was turned off.",))
    inner = _inner()
    outer: Outer = ""
    reasons: list[str] = []
    if wanted == "good":
        reasons.append("Private namespaces were turned off.")
    else:
        outer, why = _outer()
        if not outer:
            reasons.append(why)
    if not inner["landlock"]:
        reasons.append("This kernel has no Landlock, so files are not confined by it.")
    if not inner["seccomp"]:
        reasons.append("This system refused to install a system call filter.")
    seccomp, supervised = bool(inner["seccomp"]), bool(inner["supervised"])
    if not supervised:
        reasons.append("This system lets nobody decide system calls one by one.")
    found = linux_layers(outer, inner["landlock"], seccomp, tuple(reasons), supervised)
    if wanted and found.tier != wanted:
        raise Unavailable(
            f"The isolation {wanted!r} was asked for, but only {found.tier!r} works here: "
            + " ".join(found.missing)
        )
    return found


def _inner() -> dict[str, int]:
    """What `probe` finds; nothing when it cannot even run."""
    code = (
        f"import sys; sys.path.insert(0, {import_root()!r}); "
        "from tutor.sandbox.probe import main; main()"
    )
    done = _run([sys.executable, "-I", "-S", "-c", code])
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"landlock": 0, "seccomp": 0, "supervised": 0}


def _outer() -> tuple[Outer, str]:
    """The launcher that works, or "" and the reason."""
    view = View(read=SYSTEM, write=())
    program = shutil.which("bwrap")
    trials: list[tuple[Outer, list[str]]] = [("namespaces", namespaces.wrap(["/bin/true"], view))]
    if program:
        trials.insert(0, ("bubblewrap", bubblewrap.wrap(["/bin/true"], view, program)))
    error = ""
    for name, command in trials:
        done = _run(command)
        if done.returncode == 0:
            return name, ""
        error = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return "", f"Private namespaces are not allowed here ({error[:200]})."


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, capture_output=True, timeout=_TIMEOUT, cwd="/", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, b"", str(error).encode())
