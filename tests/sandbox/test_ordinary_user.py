"""The whole table once more as an ordinary user, when these tests run as root: what root's own
programs are kept from says little about anybody else's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TABLE = (
    "attacks",
    "bombs",
    "checks",
    "confinement",
    "crashes",
    "deaths",
    "features",
    "protocol",
    "terminal",
)


@pytest.mark.timeout(900)
def test_the_table_holds_for_an_ordinary_user(root: Path) -> None:
    if "TORCH_TUTOR_SECOND_TABLE" not in os.environ:
        pytest.skip("the table as an ordinary user takes minutes: set TORCH_TUTOR_SECOND_TABLE=1")
    if os.geteuid() != 0:
        pytest.skip("this is an ordinary user already")
    folder = Path(f"/tmp/torch-tutor-ordinary-{os.getpid()}")
    folder.mkdir()
    command = [sys.executable, "-m", "tests.sandbox.as_ordinary_user", str(folder)]
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
    command += ["-k", "not inductor"]  # a minute of compiling, the same for everybody
    command += [f"--basetemp={folder}/tests", *(f"tests/sandbox/test_{it}.py" for it in TABLE)]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if "unshare: Operation not permitted" in told:
        pytest.skip("root may not make a view of files of its own here")
    assert done.returncode == 0, told[-6000:]
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) > 400, told[-2000:]
