"""Who may import what, checked in a running interpreter; `lint-imports` does it on paper."""

from __future__ import annotations

import subprocess
import sys

import pytest

CASES = [
    ("tutor.ui.app", ("torch", "numpy", "tutor.worker", "tutor.grader", "tutor.zygote")),
    ("tutor.session.session", ("torch", "numpy", "textual", "tutor.worker", "tutor.grader")),
    ("tutor.course.pack", ("torch", "numpy", "textual", "tutor.session")),
    ("tutor.progress.store", ("torch", "numpy", "textual", "tutor.session")),
    ("tutor.worker.main", ("textual", "rich", "tutor.session", "tutor.ui", "tutor.grader")),
    ("tutor.grader.main", ("textual", "rich", "tutor.session", "tutor.ui", "tutor.worker")),
    ("tutor.sandbox.platform", ("torch", "numpy", "msgspec", "textual")),
    ("tutor.cli", ("torch", "numpy", "textual", "rich", "tutor.session", "tutor.ui")),
]


def imported_by(module: str) -> set[str]:
    """Everything in sys.modules after importing `module` in a fresh interpreter."""
    code = f"import sys, {module}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(("module", "forbidden"), CASES, ids=[case[0] for case in CASES])
def test_a_room_imports_only_what_it_may(module: str, forbidden: tuple[str, ...]) -> None:
    assert not imported_by(module) & set(forbidden)


def test_the_guard_can_fail() -> None:
    """The worker does import torch, and this way of looking sees it."""
    assert "torch" in imported_by("tutor.worker.main")
