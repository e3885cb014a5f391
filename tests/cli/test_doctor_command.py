"""`torch-tutor doctor` says what is here, what is enforced, and what is missing."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tutor.commands.checkup import Finding, Section, lines, verdict
from tutor.commands.findings import (
    bytecode,
    sandbox_findings,
    torch_package,
    trial_findings,
)
from tutor.sandbox.isolation import linux_layers
from tutor.session.api import SessionError
from tutor.session.selftest import Trial
from tutor.session.snapshot import Isolation


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, root: Path) -> str:
    """What the real doctor says on this machine."""
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-m", "tutor", "doctor"],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "TORCH_TUTOR_HOME": str(home)},
        timeout=120,
    )
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_it_started_a_real_worker_with_torch(report: str) -> None:
    torch = importlib.metadata.version("torch").partition("+")[0]
    assert f"it started, with torch {torch}" in report
    assert "cells use this one" in report
    assert "Everything that torch-tutor needs is here." in report


def test_it_says_what_the_sandbox_enforces(report: str) -> None:
    section = report.partition("\nSandbox\n")[2].partition("\n\n")[0]
    assert any(tier in section for tier in ("strong.", "good.", "process-only."))
    for layer in ("outside", "files", "calls"):
        assert f" {layer} " in section or sys.platform == "darwin"


def test_five_attacks_were_tried_and_denied(report: str) -> None:
    section = report.partition("\nSelf-test\n")[2].partition("\n\n")[0]
    if "process-only." in report:
        pytest.skip("nothing denies attacks on this machine")
    assert [line.split()[:2] for line in section.splitlines()] == [["✓", "denied"]] * 5
    assert "read a file of yours" in section


def test_an_attack_that_succeeds_is_bad_where_a_sandbox_is_promised() -> None:
    trials = (Trial("read a file", True, "denied"), Trial("signal the app", False, "it succeeded"))
    assert [f.mark for f in trial_findings(trials, "strong")] == ["ok", "bad"]
    assert [f.mark for f in trial_findings(trials, "process-only")] == ["ok", "note"]
    assert trial_findings(SessionError("It hung."), "good")[0].mark == "bad"


def test_it_names_limits_folders_and_config(report: str) -> None:
    for word in ("processes", "file size", "progress.db".removesuffix(".db"), "config.toml"):
        assert word in report


def test_the_limits_are_those_of_the_settings(tutor: Run, config: Callable[[str], Path]) -> None:
    config(
        'memory = "3 GiB"\ndevice = "cpu"\nmemmory = 1\nprocesses = 77\ndisk = "900 MiB"\n'
        'file_size = "90 MiB"\noutput = "2 MiB"\nthreads = 2\ntime_factor = 1.5\n'
        'third_party = "never"\n'
    )
    told = tutor("doctor", timeout=120).stdout
    limits = told.partition("\nLimits\n")[2].partition("\n\n")[0]
    for limit in (
        "3.0 GiB for a worker and each process it starts (config.toml)",
        "77 at once (config.toml)",
        "900 MiB in the scratch folder (config.toml)",
        "90.0 MiB a file (config.toml)",
        "2.0 MiB of printed text kept of each cell (config.toml)",
        "2 inside one torch operation (config.toml)",
        "1.5 times the limit of each cell and exercise (config.toml)",
    ):
        assert limit in limits
    assert 'are refused, because third_party is "never"' in told
    assert "did you mean 'memory'?" in told
    assert "device = 'cpu'" in told


def test_for_programs(tutor: Run) -> None:
    done = tutor("doctor", "--json", "--device", "xpu:7", timeout=120)
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["ok"] is False
    sections = {section["title"]: section["findings"] for section in data["sections"]}
    assert [f["mark"] for f in sections["Worker"] if "xpu:7" in f["text"]] == ["bad"]
    limits = {finding["name"]: finding.get("value") for finding in sections["Limits"]}
    assert limits["file size"] == 512 << 20
    assert {"memory", "threads", "processes", "disk", "output"} <= set(limits)


def test_a_device_that_is_not_here(tutor: Run) -> None:
    done = tutor("doctor", "--device", "xpu:7", timeout=120)
    assert done.returncode == 1
    assert "'xpu:7' was asked for but is not here" in done.stdout
    assert "1 thing must be put right first" in done.stdout


def test_a_bad_config_is_a_finding_not_an_end(tutor: Run, config: Callable[[str], Path]) -> None:
    path = config("threads = 'many'")
    done = tutor("doctor", timeout=120)
    assert done.returncode == 1
    assert f"{path}: threads" in done.stdout
    assert "it started, with torch" in done.stdout


def test_without_torch_it_explains(tmp_path: Path, root: Path, home: Path) -> None:
    done = doctor_of(environment_without_torch(tmp_path), root)
    assert done.stderr == ""
    assert done.returncode == 1
    assert "it is not installed in this Python" in done.stdout
    assert "pip install torch" in done.stdout
    assert "it was not started, because torch is missing" in done.stdout
    assert "Sandbox" in done.stdout


def test_a_torch_that_cannot_be_imported_is_quoted(tmp_path: Path, root: Path, home: Path) -> None:
    """As after a driver update."""
    site = environment_without_torch(tmp_path)
    (site / "torch").mkdir()
    (site / "torch" / "__init__.py").write_text("raise ImportError('libcudart.so.12 is gone')")
    done = doctor_of(site, root)
    assert done.returncode == 1
    assert "torch could not be started" in done.stdout
    assert "libcudart.so.12 is gone" in done.stdout
    assert 'python -c "import torch"' in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def environment_without_torch(folder: Path) -> Path:
    """The site-packages of a real environment that holds everything but torch."""
    venv.create(folder / "venv", with_pip=False)
    site = next((folder / "venv").glob("lib/python*/site-packages"))
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if entry.name.startswith(("msgspec", "numpy")):
            shutil.copytree(entry, site / entry.name)  # the sandbox sees no links out of it
        elif not entry.name.startswith(("torch", "functorch")) and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    return site


def doctor_of(site: Path, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [site.parents[2] / "bin" / "python", "-m", "tutor", "doctor"],
        capture_output=True,
        text=True,
        cwd=root,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("version", "mark"),
    [(None, "bad"), ("2.5.1", "bad"), ("2.6.0+cu124", "ok"), ("3.0", "ok"), ("unknown", "note")],
)
def test_versions_of_torch(version: str | None, mark: str) -> None:
    assert torch_package(version).mark == mark


def test_a_weak_sandbox_is_marked_with_what_is_missing() -> None:
    layers = linux_layers("", 0, False, ("This kernel has no Landlock.",))
    isolation = Isolation(layers.tier, layers.sentence, layers.missing)
    found = sandbox_findings(isolation, layers)
    assert all(finding.mark == "note" for finding in found)
    assert any("no Landlock" in finding.text for finding in found)


def test_a_strong_sandbox_has_nothing_to_remark() -> None:
    layers = linux_layers("namespaces", 6, True, ())
    found = sandbox_findings(Isolation(layers.tier, layers.sentence), layers)
    assert all(finding.mark == "ok" for finding in found)


def test_bytecode_that_is_kept_off_is_told() -> None:
    assert bytecode(False, True).mark == "ok"
    assert "PYTHONDONTWRITEBYTECODE" in bytecode(True, False).advice


def test_findings_are_printed_safely_with_their_advice() -> None:
    sections = [Section("T", (Finding("x", "a\x1b[31mb", "bad", "do this"),))]
    told = [text for _, text in lines(sections)]
    assert told == ["T", "  ✗ x  ab", "       do this"]
    assert "1 thing must" in verdict(sections)
