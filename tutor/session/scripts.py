"""How the end of a script's run differs from that of a cell, and what to do about it. Pure, but
for a look at whether a file is there that the sandbox did not show."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from tutor.session.api import SessionSettings
from tutor.session.snapshot import Problem
from tutor.session.worker import Outcome

_ENDED = Problem("Ended", "The script was ended.")
_PATH = re.compile(r"'([^'\n]+)'")
_REFUSED = ("[Errno 13]", "[Errno 30]", "[Errno 1]", "Read-only file system", "Permission denied")
_CANNOT_OPEN = ("cannot be opened", "Parent directory", "open file failed")
_NETWORK_KINDS = {"gaierror", "URLError", "NewConnectionError", "ConnectionRefusedError"}
_NETWORK_WORDS = ("name resolution", "Network is unreachable", "urlopen error", "getaddrinfo")


def of_script(outcome: Outcome, *, ended: bool) -> Outcome:
    """`outcome` in the words of a script. `ended`: the learner had asked it to stop."""
    problem = outcome.problem
    if outcome.state != "lost" or problem is None:
        return outcome
    if ended:
        return replace(outcome, state="interrupted", problem=_ENDED)
    reason = problem.message.replace("The worker ", "The script ", 1)
    if problem.message.startswith("The worker ended itself with exit code "):
        left = "It went without Python's own way out, as os._exit does."
        return replace(outcome, problem=Problem("Process ended", reason, advice=left))
    return replace(outcome, problem=Problem("Process lost", reason))


def advise_script(problem: Problem, cwd: str, settings: SessionSettings) -> Problem:
    """`problem`, saying what the sandbox refused and which option allows it, where it did."""
    if problem.advice or settings.tier == "process-only":
        return problem
    text = problem.message
    refused = any(word in text for word in _REFUSED)
    if problem.kind in _NETWORK_KINDS or any(word in text for word in _NETWORK_WORDS):
        return _about(problem, _network(settings.internet))
    named = _PATH.findall(text)
    path = os.path.join(cwd, named[-1]) if named else ""  # noqa: PTH118
    if problem.kind in ("PermissionError", "OSError") and refused and not path:
        return _about(problem, _network(settings.internet))
    if path and refused and problem.kind in ("PermissionError", "OSError"):
        return _about(problem, _writing(path, settings))
    if problem.kind == "RuntimeError" and any(word in text for word in _CANNOT_OPEN):
        return _about(problem, _writing(path or cwd, settings))
    if path and problem.kind == "FileNotFoundError" and Path(path).exists():
        return _about(
            problem,
            f"{path} exists, but the sandbox shows a script only its own folder. "
            f"Start it with --allow {path} to open it for reading and writing.",
        )
    return problem


def _about(problem: Problem, advice: str) -> Problem:
    return replace(problem, advice=advice, explanation=None)


def _network(internet: bool) -> str:
    if internet:
        return "The network is allowed (--allow-network), so the cause lies beyond this computer."
    return (
        "The sandbox lets a script reach only the ports of its own processes. "
        "Start it with --allow-network to open the network."
    )


def _writing(path: str, settings: SessionSettings) -> str:
    inside = Path(path).is_dir()
    folder = path if inside else os.path.dirname(path)  # noqa: PTH120
    return (
        f"The sandbox did not let the script write {'in ' * inside}{path}. It may write only in "
        f"its scratch folder, {settings.scratch} (its home folder and temporary files are there). "
        f"Start it with --allow {folder} to let it write there."
    )
