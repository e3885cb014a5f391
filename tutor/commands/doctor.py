"""`torch-tutor doctor`: what was found on this machine, and what the sandbox enforces here."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import __version__
from tutor.commands.arguments import add_device

if TYPE_CHECKING:
    from tutor.commands.checkup import Finding, Section
    from tutor.paths import Paths
    from tutor.session.api import SessionError
    from tutor.session.selftest import Trial
    from tutor.session.session import Session
    from tutor.session.snapshot import Machine, Snapshot
    from tutor.settings import Settings

    Tried = tuple[Trial, ...] | SessionError

DESCRIPTION = "Say what was found on this machine, and what the sandbox enforces on it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_device(parser)
    parser.add_argument("--json", action="store_true", help="for programs: everything as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; returns 0, or 1 when something must be put right first."""
    from tutor.commands import checkup, findings
    from tutor.paths import paths
    from tutor.settings import Settings, SettingsError, load_settings

    where = paths()
    settings = Settings()
    try:
        loaded = load_settings(where.settings)
        settings = loaded.settings
        configured = findings.setting_findings(
            settings, loaded.warnings, where.settings.is_file(), str(where.settings)
        )
    except SettingsError as error:
        advice = "Correct it, or delete the line; defaults were used here."
        configured = (checkup.Finding("file", str(error), "bad", advice),)
    sections = [
        checkup.Section("Program", _program()),
        *asyncio.run(_worker(where, settings, args.device, _torch_version() is not None)),
        checkup.Section("Folders", _folders(where)),
        checkup.Section("Settings", configured),
        checkup.Section("Terminal", _terminal()),
    ]
    data = checkup.as_data(sections)
    if args.json:
        print(json.dumps({"version": __version__, **data}, indent=2, ensure_ascii=False))
    else:
        _print(checkup.lines(sections))
        print(f"\n{checkup.verdict(sections)}")
    return 0 if data["ok"] else 1


def _program() -> tuple[Finding, ...]:
    from tutor.commands import checkup, findings

    torch = findings.torch_package(_torch_version())
    found = [
        checkup.Finding("torch-tutor", f"{__version__} in {Path(__file__).parents[1]}"),
        checkup.Finding("Python", f"{platform.python_version()} ({sys.executable})"),
        checkup.Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        torch,
    ]
    if torch.mark == "ok":
        found.append(findings.bytecode(sys.dont_write_bytecode, _torch_is_compiled()))
    return tuple(found)


def _torch_version() -> str | None:
    """Of the installed package; torch itself is never imported into this process."""
    if importlib.util.find_spec("torch") is None:
        return None
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _torch_is_compiled() -> bool:
    spec = importlib.util.find_spec("torch")
    return spec is not None and spec.cached is not None and Path(spec.cached).is_file()


async def _worker(
    where: Paths, settings: Settings, device: str | None, torch_is_there: bool
) -> list[Section]:
    """Start the real thing: sandbox, worker, torch in a child, device detection."""
    from tutor.commands import findings
    from tutor.commands.checkup import Finding, Section
    from tutor.commands.course import session_settings
    from tutor.commands.errors import CommandError
    from tutor.sandbox.platform import choose
    from tutor.session.policy import build_policy
    from tutor.session.session import Session
    from tutor.session.snapshot import Isolation
    from tutor.session.spending import decide
    from tutor.session.survey import means_of, survey

    try:
        how = session_settings(where, settings, None, device)
    except CommandError as error:
        return [Section("Worker", (Finding("worker", error.sentence, "bad", error.advice),))]
    layers = choose().detect()
    isolation = Isolation(layers.tier, layers.sentence, layers.missing)
    machine: Machine | None = None
    tried: Tried = ()
    if torch_is_there:
        snapshot, problem, tried = await _start(Session(how))
        machine = snapshot.machine
        found = [*(findings.machine_findings(machine) if machine else ())]
        if problem:
            found.append(Finding("worker", problem.sentence, "bad", _advice(problem)))
    else:
        found = [Finding("worker", "it was not started, because torch is missing", "note")]
    means = means_of(how.scratch)
    chosen = f"{machine.device.kind}" if machine else settings.device
    policy = build_policy("worker", survey(how, layers), device=chosen)
    limits = findings.limit_findings(
        decide(how, means), policy, settings.time_factor, memory_here=means.memory
    )
    boxed = (
        *findings.sandbox_findings(isolation, layers),
        findings.third_party_finding(settings.third_party, isolation),
    )
    return [
        Section("Worker", tuple(found)),
        Section("Sandbox", boxed),
        Section("Self-test", findings.trial_findings(tried, isolation.tier)),
        Section("Limits", limits),
    ]


async def _start(session: Session) -> tuple[Snapshot, SessionError | None, Tried]:
    """Start the session, attack the sandbox, end it; what it found, why it did not come up, and
    how the attacks went: an error where they could not be tried."""
    from tutor.session.api import SessionError
    from tutor.session.selftest import self_test

    try:
        await session.start()
        try:
            tried: Tried = await self_test(session.zygote)
        except SessionError as error:
            tried = error
    except SessionError as error:
        return session.snapshot, error, ()
    finally:
        await session.close()
    return session.snapshot, None, tried


def _advice(problem: SessionError) -> str:
    if "doctor" in problem.advice:  # elsewhere it sends people here
        return '`python -c "import torch"` shows the whole error.'
    return problem.advice


def _folders(where: Paths) -> tuple[Finding, ...]:
    from tutor.commands.checkup import Finding
    from tutor.course.catalogue import find_packs, lessons_root

    lessons = lessons_root()
    packs = ", ".join(path.name for path in find_packs())
    shipped = (
        Finding("lessons", f"{lessons} ({packs})")
        if packs
        else Finding(
            "lessons", f"none were found in {lessons}", "bad", "Install torch-tutor again."
        )
    )
    return (
        shipped,
        _folder("progress", where.progress.parent),
        _folder("scratch", where.scratch("x").parent),
        _folder("config", where.config),
    )


def _folder(name: str, path: Path) -> Finding:
    from tutor.commands.checkup import Finding

    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        advice = "Make it writable, or name another folder with TORCH_TUTOR_HOME."
        return Finding(name, f"{path} cannot be written", "note", advice)
    return Finding(name, str(path) if path.exists() else f"{path} (made when needed)")


def _terminal() -> tuple[Finding, ...]:
    from tutor.commands.checkup import Finding

    term, size = os.environ.get("TERM", ""), shutil.get_terminal_size()
    found: list[Finding] = []
    if not sys.stdout.isatty():
        found.append(Finding("output", "goes to a file or pipe, so the terminal was not looked at"))
    elif size.columns < 80 or size.lines < 24:
        text = f"{term}, {size.columns} columns by {size.lines} rows: small"
        found.append(Finding("size", text, "note", "Make it 80 by 24 or larger."))
    else:
        found.append(Finding("size", f"{term}, {size.columns} columns by {size.lines} rows"))
    encoding = (sys.stdout.encoding or "").lower()
    if encoding.replace("-", "") == "utf8":
        found.append(Finding("encoding", "UTF-8"))
    else:
        advice = "Set LANG to a UTF-8 locale, such as C.UTF-8."
        found.append(Finding("encoding", f"{encoding}, which lacks some signs", "note", advice))
    return tuple(found)


def _print(told: Sequence[tuple[str | None, str]]) -> None:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        print("\n".join(text for _, text in told))
        return
    from rich.console import Console
    from rich.text import Text

    styles = {"ok": "", "note": "yellow", "bad": "bold red"}
    console = Console()
    for mark, text in told:
        title = mark is None and not text.startswith(" ")
        style = "bold" if title else styles.get(mark or "ok", "")
        console.print(Text(text, style), soft_wrap=True)
