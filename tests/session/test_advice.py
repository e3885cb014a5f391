"""Limits of the sandbox say what to do next; everything else is left alone."""

from __future__ import annotations

import pytest

from tutor.session.advice import advise
from tutor.session.snapshot import Problem


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        (Problem("MemoryError", ""), "memory limit of 2.0 GiB"),
        (
            Problem("RuntimeError", "DefaultCPUAllocator: can't allocate memory: you tried …"),
            "memory limit of 2.0 GiB",
        ),
        (Problem("OutOfMemoryError", "CUDA out of memory"), "smaller batch"),
        (Problem("gaierror", "Temporary failure in name resolution"), "no network"),
        (Problem("URLError", "<urlopen error …>"), "no network"),
        (Problem("PermissionError", "[Errno 13] Permission denied: '/x'"), "own folder"),
        (Problem("OSError", "[Errno 27] File too large"), "512 MiB"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_limit_says_what_to_do(problem: Problem, word: str) -> None:
    advised = advise(problem, 2 << 30)
    assert word in advised.advice
    assert advised.message


def test_ordinary_errors_and_given_advice_are_left_alone() -> None:
    plain = Problem("ValueError", "no")
    assert advise(plain, 1) is plain
    given = Problem("MemoryError", "", advice="already said")
    assert advise(given, 1) is given
