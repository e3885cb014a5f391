"""The table once more as an ordinary user, when these tests run as root: what root's own programs
are kept from says little about anybody else's.

Only what the user can make a difference to runs twice. Who somebody is decides which files and
processes are theirs, how the view of their own is made (root needs no user namespace for it), and
which limits the kernel applies (root is exempt from the number of processes). So these run again:
every attack, with its control; every bomb where something confines it; code that searches or kills
the grader, and a hostile check; what surrounds a cell; how processes end; ports and traps; and, of
what must work inside, all that touches files, sockets, signals, processes or shared memory.

These do not: how the wire reads damaged messages, what C code can wreck in its own process, how
output is cleaned, cheats that only lie about data, compilers, and Landlock as older kernels have
it: none of them asks who the user is. When the tests run as an ordinary user, they are this table.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sandbox.test_features import FEATURES

WHOLE = (
    "attacks.py::test_an_attack_reaches_its_goal_only_without_a_sandbox",
    "bombs.py",
    "checks.py::test_85_the_check_is_nowhere_to_be_found",
    "checks.py::test_92_a_hostile_check_gets_nowhere",
    "confinement.py",
    "deaths.py",
    "terminal.py::test_18_nobody_beyond_this_computer_reaches_a_port",
    "terminal.py::test_49_traps_in_scratch_lead_the_app_nowhere",
)
LEFT_OUT = "bombs.py::test_a_bomb_meets_a_limit[process-only"
"""The controls: a bomb that nothing confines goes off, whoever lit it."""
CHEAT = "checks.py::test_a_cheat_does_not_pass"
CHEATS = ("88 kill the grader", "90 end inside the check")
WORKS = "features.py::test_a_feature_works_in_every_tier"
WORKING = (
    "data loader with workers",
    "data loader that shares by files",
    "two ranks over loopback",
    "the same Python again",
    "a temporary folder",
    "modes and times of its own files",
    "signals to its own children",
    "unix sockets of its own",
    "a server of its own on every family",
    "shared memory",
)
LEAST = 280
"""Tests that pass at least; fewer would mean that the table shrank unnoticed."""


@pytest.mark.timeout(600)
def test_the_table_holds_for_an_ordinary_user(root: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already: nothing to repeat")
    folder = Path(f"/tmp/torch-tutor-ordinary-{os.getpid()}")
    folder.mkdir()
    command = [sys.executable, "-m", "tests.sandbox.as_ordinary_user", str(folder)]
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
    if find_spec("pytest_rerunfailures"):
        command.append("--reruns=1")  # as `tests/run` does: races are lost on a busy machine
    command += [f"--deselect={_node(LEFT_OUT)}", f"--basetemp={folder}/tests"]
    try:
        done = subprocess.run(
            [*command, *chosen()], cwd=root, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if "unshare: Operation not permitted" in told:
        pytest.skip("root may not make a view of files of its own here")
    assert done.returncode == 0, told[-6000:]
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) >= LEAST, told[-2000:]


def chosen() -> list[str]:
    """Ids of all that runs twice."""
    tiers = ("strong", "good")
    cheats = [f"{CHEAT}[{tier}-{name}]" for tier in tiers for name in CHEATS]
    works = [f"{WORKS}[{tier}-{name.replace(' ', '_')}-now]" for tier in tiers for name in WORKING]
    return [_node(name) for name in (*WHOLE, *cheats, *works)]


def _node(name: str) -> str:
    return f"tests/sandbox/test_{name}"


def test_what_works_inside_is_named_as_its_table_names_it() -> None:
    assert set(WORKING) <= set(FEATURES)
