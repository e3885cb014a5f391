"""Windows: nothing confines the learner's code here, and this says so."""

from __future__ import annotations

from tutor.sandbox.isolation import PROCESS_ONLY, Layers, Unavailable, View

_MISSING = (
    "On Windows files and network are not confined; run torch-tutor inside WSL 2 for a sandbox.",
)


def detect(wanted: str = "") -> Layers:
    """Always "process-only". Raises Unavailable when more was asked for."""
    if wanted not in ("", "process-only"):
        raise Unavailable(f"The isolation {wanted!r} was asked for. {_MISSING[0]}")
    return Layers("process-only", PROCESS_ONLY, _MISSING, fork=False)


def wrap(command: list[str], layers: Layers, view: View) -> list[str]:
    """`command` as it is."""
    return command
