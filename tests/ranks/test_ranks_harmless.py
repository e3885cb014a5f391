"""Watching ranks changes nothing: results, random states, memory, compiled graphs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def alone(function: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ranks.alone", function],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_parameters_buffers_and_random_states_are_bitwise_the_same() -> None:
    assert alone("train")[0] == "same"


def test_no_tensor_is_kept_alive() -> None:
    first, second = alone("memory")
    assert first == "same"
    assert second == str([[True] * 5] * 2)


def test_compiled_graphs_are_the_same() -> None:
    first, second = alone("compiled")
    assert first == "same"
    assert second.startswith("[(1, ")
