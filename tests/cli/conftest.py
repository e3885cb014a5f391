"""Runs `python -m tutor` as a learner would, with a home folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that `TORCH_TUTOR_HOME` names, here and in every process started from here."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TORCH_TUTOR_HOME", str(folder))
    return folder


@pytest.fixture
def tutor(home: Path, root: Path) -> Run:
    """Run a command line in another process; its exit code, stdout and stderr."""

    def run(*words: str, timeout: float = 60, **environment: str):
        return subprocess.run(
            [sys.executable, "-m", "tutor", *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            cwd=root,
            env={**os.environ, **environment},
        )

    return run


@pytest.fixture
def config(home: Path) -> Callable[[str], Path]:
    """Write the config file."""

    def write(text: str) -> Path:
        path = home / "config" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write
