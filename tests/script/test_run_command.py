"""`torch-tutor run --plain` and `view`, as typed: output, summary, exit code, records."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.script.conftest import SAMPLES, Command

TRAIN = (SAMPLES / "plain_loop.py").read_text()


@pytest.fixture
def work(tmp_path: Path, command: Command) -> Path:
    """Where commands are typed."""
    return tmp_path / "work"


def test_output_passes_through_and_the_summary_follows(command: Command, work: Path) -> None:
    (work / "train.py").write_text(TRAIN)
    done = command("run", "train.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("step   0  loss")
    assert "✓ train.py ended after" in done.stdout
    for part in (
        "200 steps in",
        "(200 values)",
        "optimizer  Adam, learning rate 0.01",
        "optimizer: 4 parameters, all healthy",
        "model Sequential",
        "256×1",
        "graph of loss · before backward",
        "at its peak",
        "model.0.weight  32×1 float32",
    ):
        assert part in done.stdout, part
    assert "Doctor" not in done.stdout
    assert "Error" not in done.stdout
    assert done.stderr == ""


def test_what_stands_behind_the_script_is_its_own(command: Command, work: Path) -> None:
    (work / "args.py").write_text("import sys; print(sys.argv[1:]); sys.exit(7)")
    done = command("run", "--device", "cpu", "args.py", "--plain", "-x", "--device", "tpu")
    assert done.returncode == 7
    assert "['--plain', '-x', '--device', 'tpu']" in done.stdout
    assert "✗ args.py ended itself after" in done.stdout


def test_a_crash_is_explained_in_the_summary(command: Command, work: Path) -> None:
    (work / "crash.py").write_text(
        "import torch\nnet = torch.nn.Linear(100, 10)\nprint(net(torch.randn(4, 26)))\n"
    )
    done = command("run", "--plain", "crash.py")
    assert done.returncode == 1
    assert "Matrix sizes do not line up" in done.stdout
    assert "must be 100. It" in done.stdout
    assert "line 3 of crash.py" in done.stdout


def test_input_is_read_from_standard_input(command: Command, work: Path) -> None:
    (work / "ask.py").write_text(
        "name = input('Who? ')\nprint('hello', name)\ntry:\n    input()\n"
        "except EOFError:\n    print('no more')\n"
    )
    done = command("run", "ask.py", stdin="Ann\n")
    assert done.returncode == 0
    assert "Who? hello Ann\nno more\n" in done.stdout


def test_writing_is_denied_then_allowed(command: Command, work: Path) -> None:
    (work / "write.py").write_text("open('out.txt', 'w').write('x')\n")
    denied = command("run", "write.py")
    assert denied.returncode == 1
    assert "--allow" in denied.stdout
    assert not (work / "out.txt").exists()
    allowed = command("run", "--allow", ".", "write.py")
    assert allowed.returncode == 0, allowed.stdout
    assert (work / "out.txt").read_text() == "x"


def test_without_a_sandbox_it_is_said_loudly(command: Command, work: Path) -> None:
    (work / "free.py").write_text("import os\nopen('out.txt', 'w').write(os.environ['TOKEN_X'])\n")
    os.environ["TOKEN_X"] = "seen"
    try:
        done = command("run", "--no-sandbox", "free.py")
    finally:
        del os.environ["TOKEN_X"]
    assert done.returncode == 0, done.stdout
    assert "NO SANDBOX" in done.stderr
    assert (work / "out.txt").read_text() == "seen"


def test_a_run_is_saved_and_looked_at_again(command: Command, work: Path) -> None:
    (work / "train.py").write_text(TRAIN)
    done = command("run", "--save", "run.ttrun", "train.py")
    assert done.returncode == 0
    assert "The record of the run is in run.ttrun." in done.stderr
    (work / "train.py").unlink()  # nothing is run
    shown = command("view", "run.ttrun")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.split("\n", 1)[1] == done.stdout
    (work / "run.ttrun").write_bytes((work / "run.ttrun").read_bytes()[:-50])
    broken = command("view", "run.ttrun")
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "is broken" in broken.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "missing.py"), "there is no file missing.py"),
        (("run", "."), "is a folder"),
        (("run", "--allow", "nowhere", "ok.py"), "no such file or folder"),
        (("run", "--save", "no/where.ttrun", "ok.py"), "--save"),
        (("run", "--device", "tpu", "ok.py"), "is no device"),
        (("run",), "SCRIPT"),
        (("view", "missing"), "could not be read"),
        (("view", "ok.py"), "no record of a run"),
    ],
)
def test_a_wrong_word_is_named_before_anything_runs(
    command: Command, work: Path, words: tuple[str, ...], told: str
) -> None:
    (work / "ok.py").write_text("print('ran')")
    done = command(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "ran" not in done.stdout


def test_interrupts_reach_the_script_and_a_second_one_ends_it(
    command: Command, work: Path, tmp_path: Path, root: Path
) -> None:
    (work / "slow.py").write_text(
        "import threading\ntry:\n    print('working', flush=True)\n    threading.Event().wait()\n"
        "except KeyboardInterrupt:\n    print('in order', flush=True)\n"
        "    threading.Event().wait()\n"
    )
    environment = {
        **os.environ,
        "TORCH_TUTOR_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(root),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tutor", "run", "slow.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=work,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == "working\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "in order\n"
            assert "Ctrl+C again ends it" in "".join(process.stderr.readline() for _ in range(2))
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert process.wait(30) == 137
        finally:
            process.kill()
    assert "◼ slow.py was ended after" in rest
