"""A wheel built from this checkout works in an empty environment, far away from it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The bin folder of an environment that holds our wheel.

    The wheel's dependencies are lent by the environment that runs the tests: they are what
    `constraints.txt` installed, and another copy of torch would show nothing.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(root)]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = folder.glob("torch_tutor-*.whl")
    home = folder / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, timeout=300)
    site = next(home.glob("lib/python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return home / "bin"


def run(installed: Path, home: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TORCH_TUTOR_HOME": str(home / "t")}
    done = subprocess.run(
        [installed / "torch-tutor", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=home,
        env=environment | {"LANG": os.environ.get("LANG", "C.UTF-8")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_brings_its_own_code_and_lessons(installed: Path, tmp_path: Path) -> None:
    code = "import tutor; from tutor.course.catalogue import lessons_root; print(lessons_root())"
    done = subprocess.run(
        [installed / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    lessons = Path(done.stdout.strip())
    assert lessons.is_relative_to(installed.parent)
    assert (lessons / "pytorch" / "pack.toml").is_file()


def test_it_answers_from_anywhere(installed: Path, tmp_path: Path) -> None:
    assert "torch-tutor" in run(installed, tmp_path, "--version")
    assert "Creating tensors" in run(installed, tmp_path, "progress")


def test_its_worker_runs_in_the_sandbox(installed: Path, tmp_path: Path) -> None:
    report = run(installed, tmp_path, "doctor")
    assert "torch" in report
    assert "sandbox" in report.lower()
