"""The command line itself: what it understands, how fast, and what it says when it does not."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tutor.cli import COMMANDS, split

HEAVY = {"torch", "numpy", "textual", "rich", "msgspec", "markdown_it", "platformdirs", "asyncio"}


def test_the_version(tutor: Run) -> None:
    done = tutor("--version")
    assert (done.returncode, done.stdout) == (0, "torch-tutor 0.1.0\n")


def test_help_names_every_command(tutor: Run) -> None:
    told = tutor("--help").stdout
    assert "LESSON" in told
    for name in COMMANDS:
        assert f"torch-tutor {name}" in told
        assert f"usage: torch-tutor {name}" in tutor(name, "--help").stdout


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["lint", "--help"]])
def test_help_and_version_load_nothing_heavy(words: list[str], root: Path) -> None:
    code = (
        "import sys, tutor.cli\n"
        "try: tutor.cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=root, timeout=60
    )
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert "tutor.cli" in loaded
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_the_app_loads_no_torch(root: Path) -> None:
    code = "import sys, tutor.ui.app, tutor.commands.open; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "textual.app" in loaded
    assert not loaded & {"torch", "numpy"}


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_come_at_once(word: str, root: Path) -> None:
    """Processor time beyond that of an empty Python, measured beside it."""
    ours = min(seconds_of([sys.executable, "-m", "tutor", word], root) for _ in range(5))
    bare = min(seconds_of([sys.executable, "-c", ""], root) for _ in range(5))
    assert ours - bare < 0.1


def seconds_of(command: list[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    ("words", "command", "rest"),
    [
        ([], "open", []),
        (["tensors/create"], "open", ["tensors/create"]),
        (["progress", "--json"], "progress", ["--json"]),
        (["--device", "cpu", "doctor"], "doctor", ["--device", "cpu"]),
        (["--device=cpu", "doctor"], "doctor", ["--device=cpu"]),
        (["--pack", "lint"], "open", ["--pack", "lint"]),
        (["tensors/create", "lint"], "open", ["tensors/create", "lint"]),
        (["lint", "doctor"], "lint", ["doctor"]),
    ],
)
def test_the_subcommand_is_found(words: list[str], command: str, rest: list[str]) -> None:
    assert split(words) == (command, rest)


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:1", "mps", "xpu:0"])
def test_devices_that_have_the_form_of_one(tutor: Run, device: str) -> None:
    done = tutor("--device", device)
    assert "terminal" in done.stderr  # the next thing to be amiss


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "mps:0", "CPU", "", "cuda:1 "])
def test_devices_that_have_not(tutor: Run, device: str) -> None:
    done = tutor("--device", device)
    assert done.returncode == 2
    assert f"{device!r} is no device" in done.stderr
    assert "cuda:1" in done.stderr


@pytest.mark.parametrize(
    "words", [["--frobnicate"], ["lint", "--seeds", "many"], ["lint", "--jobs", "0"]]
)
def test_nonsense_is_one_sentence_and_what_to_do(tutor: Run, words: list[str]) -> None:
    done = tutor(*words)
    assert done.returncode == 2
    sentence, advice = done.stderr.splitlines()
    assert sentence.startswith("torch-tutor: ")
    assert "--help" in advice


def test_without_a_terminal_the_app_says_what_works(tutor: Run) -> None:
    done = tutor()
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "torch-tutor progress" in done.stderr
    assert "torch-tutor doctor" in done.stderr


def test_a_missing_dependency_is_named(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys; sys.modules['markdown_it'] = None\n"
        "from tutor.cli import main; sys.exit(main(['progress']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "TORCH_TUTOR_HOME": str(tmp_path)},
        timeout=60,
    )
    assert done.returncode == 1
    assert "'markdown_it' is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_control_c_ends_silently_with_130(home: Path, root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tutor", "doctor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        start_new_session=True,
    )
    scratch = home / "data" / "scratch" / "doctor"
    while not scratch.exists():  # it is at work
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


def test_a_reader_that_has_had_enough_is_no_error(home: Path, root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tutor", "progress"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0
