"""What to do next after problems that are the machine's or the sandbox's doing. Pure."""

from __future__ import annotations

from dataclasses import replace

from tutor.session.snapshot import Problem
from tutor.text import bytes_text

_NETWORK_KINDS = {"gaierror", "URLError", "ConnectionRefusedError", "NewConnectionError"}
_NETWORK_WORDS = ("name resolution", "Network is unreachable", "urlopen error")


def advise(problem: Problem, memory_limit: int, file_limit: int = 512 << 20) -> Problem:
    """`problem` with advice where a limit of the sandbox is behind it.

    Both limits in bytes; a `memory_limit` of 0 is none.
    """
    if problem.advice:
        return problem
    text = problem.message
    if problem.kind == "MemoryError" or "can't allocate memory" in text:
        limit = f"the memory limit of {bytes_text(memory_limit)}" if memory_limit else "all memory"
        return replace(
            problem,
            message=text or "The code asked for more memory than there is.",
            advice=f"It reached {limit}. Make the tensors smaller, or delete those "
            "you no longer need; restarting the worker frees everything.",
        )
    if problem.kind == "OutOfMemoryError":
        return replace(
            problem,
            advice="The device's memory is full. Use a smaller batch, or restart the worker "
            "to free what earlier cells left there.",
        )
    if problem.kind in _NETWORK_KINDS or any(word in text for word in _NETWORK_WORDS):
        return replace(problem, advice="Cells have no network: everything a lesson needs is here.")
    if problem.kind == "PermissionError":
        return replace(
            problem,
            advice="Cells may write only in their own folder: use a plain file name such as "
            '"model.pt".',
        )
    if problem.kind == "OSError" and "File too large" in text:
        limit = bytes_text(file_limit)
        return replace(problem, advice=f"A single file may be at most {limit} here.")
    return problem
