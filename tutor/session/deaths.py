"""Why a process ended, in words that follow "the worker …"."""

from __future__ import annotations

import os
import signal

FAILED_TO_START = 97
_NAMES = {
    signal.SIGSEGV: "crashed: segmentation fault",
    signal.SIGABRT: "crashed: it aborted itself",
    signal.SIGBUS: "crashed: bus error",
    signal.SIGFPE: "crashed: arithmetic error",
    signal.SIGILL: "crashed: illegal instruction",
    signal.SIGTRAP: "crashed: trap",
}
_ALSO_NAMED = {signal.SIGKILL: "was killed"}


def reason_for(status: int) -> str:
    """`status` as from waitpid."""
    code = os.waitstatus_to_exitcode(status)
    if code == FAILED_TO_START:
        return "could not be started"
    if code >= 0:
        return f"ended itself with exit code {code}"
    try:
        name = signal.Signals(-code)
    except ValueError:
        return f"was ended by signal {-code}"
    words = _NAMES.get(name) or _ALSO_NAMED.get(name, "was ended by a signal")
    return f"{words} ({name.name})"
