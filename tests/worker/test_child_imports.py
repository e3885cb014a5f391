"""What runs in a child drags in neither the screen nor the app, nor the other child's room."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREEN = {"textual", "rich", "tutor.ui", "tutor.session", "tutor.course", "tutor.progress"}
CASES = {
    "tutor.worker.main": SCREEN | {"tutor.grader"},
    "tutor.worker.detect": SCREEN | {"tutor.grader"},
    "tutor.grader.main": SCREEN | {"tutor.worker"},
    "tutor.values": SCREEN | {"tutor.worker", "tutor.grader"},
    "tutor.plain": SCREEN | {"torch", "numpy", "tutor.worker", "tutor.grader"},
}


@pytest.mark.parametrize("module", CASES)
def test_a_room_imports_only_what_it_may(module: str) -> None:
    code = f"import sys, {module}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert module in done.stdout.split()
    assert not CASES[module] & set(done.stdout.split())
