"""What `doctor` reports: findings in words, from facts that were gathered elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from tutor.sandbox.isolation import Layers
from tutor.session.snapshot import Isolation, Machine
from tutor.settings import Settings
from tutor.text import bytes_text, sanitize
from tutor.wire.control import Policy

Mark = Literal["ok", "note", "bad"]
OLDEST_TORCH = (2, 6)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `advice` says what to do where something is amiss."""

    name: str
    text: str
    mark: Mark = "ok"
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    findings: tuple[Finding, ...]


def torch_package(version: str | None) -> Finding:
    """Whether torch is installed, by its package's version."""
    if version is None:
        return Finding(
            "torch",
            "it is not installed in this Python, so no code can run",
            "bad",
            "Install it with `pip install torch`; https://pytorch.org/get-started has every build.",
        )
    numbers = tuple(
        int(part) for part in version.partition("+")[0].split(".")[:2] if part.isdigit()
    )
    if not numbers:
        return Finding("torch", f"installed, but its version {version!r} tells nothing", "note")
    if numbers < OLDEST_TORCH:
        return Finding(
            "torch",
            f"{version} is older than {'.'.join(map(str, OLDEST_TORCH))}, the oldest that is known "
            "to work",
            "bad",
            "Update it with `pip install --upgrade torch`.",
        )
    return Finding("torch", version)


def bytecode(kept_off: bool, compiled: bool) -> Finding:
    """Whether Python may keep what it compiled; torch loads seconds slower when it may not."""
    if compiled:
        return Finding("bytecode", "torch is compiled, so it loads fast")
    text = "torch is not compiled, so the worker starts slowly each time"
    if kept_off:
        return Finding(
            "bytecode", text, "note", "Unset PYTHONDONTWRITEBYTECODE and import torch once."
        )
    return Finding("bytecode", text, "note", 'Run `python -c "import torch"` once.')


def machine_findings(machine: Machine) -> tuple[Finding, ...]:
    """torch as it answered in a child process, and every device it can use."""
    found = [
        Finding("worker", f"it started, with torch {machine.torch} on Python {machine.python}"),
        Finding(
            "cores", f"{machine.cores}, of which cells use {_count(machine.threads, 'thread')}"
        ),
    ]
    for device in machine.devices:
        name = f"{device.kind}:{device.index}" if device.kind != "cpu" else "cpu"
        memory = f", {bytes_text(device.memory)}" if device.memory else ""
        chosen = " (cells use this one)" if device == machine.device else ""
        found.append(Finding(name, f"{device.name or name}{memory}{chosen}"))
    found += [Finding("note", note, "note") for note in machine.notes]
    return tuple(found)


def sandbox_findings(isolation: Isolation, layers: Layers) -> tuple[Finding, ...]:
    """The tier, what each layer enforces, and what is missing."""
    weak = isolation.tier == "process-only"
    return (
        Finding("tier", f"{isolation.tier}. {isolation.sentence}", "note" if weak else "ok"),
        *_layer_findings(layers),
        *(Finding("missing", text, "note") for text in isolation.missing),
    )


def limit_findings(policy: Policy) -> tuple[Finding, ...]:
    """What one worker may spend."""
    memory = (
        f"{bytes_text(policy.data_bytes)} for a worker and each process it starts"
        if policy.data_bytes
        else "not limited, because GPU drivers reserve far more than they use"
    )
    return (
        Finding("memory", memory, "ok" if policy.data_bytes else "note"),
        Finding("processes", f"{policy.processes} at once"),
        Finding("file size", f"{bytes_text(policy.file_bytes)} a file"),
        Finding("open files", str(policy.open_files)),
        Finding("network", "none, except where a lesson asks for this machine's own"),
    )


def setting_findings(
    settings: Settings, warnings: Sequence[str], exists: bool, path: str
) -> tuple[Finding, ...]:
    """What the config file changes."""
    if not exists:
        return (Finding("file", f"{path} (does not exist: defaults hold)"),)
    changed = [
        f"{field.name} = {getattr(settings, field.name)!r}"
        for field in fields(Settings)
        if getattr(settings, field.name) != field.default
    ]
    return (
        Finding("file", path),
        Finding("changes", ", ".join(changed) or "nothing: every key has its default"),
        *(Finding("unknown", warning, "note") for warning in warnings),
    )


def lines(sections: Sequence[Section]) -> list[tuple[Mark | None, str]]:
    """Every line to print, with its mark; None for titles and advice."""
    glyphs = {"ok": "✓", "note": "!", "bad": "✗"}
    width = max((len(f.name) for section in sections for f in section.findings), default=0)
    told: list[tuple[Mark | None, str]] = []
    for section in sections:
        told += [(None, ""), (None, section.title)]
        for finding in section.findings:
            text = f"  {glyphs[finding.mark]} {finding.name:<{width}}  {finding.text}"
            told.append((finding.mark, sanitize(text)))
            if finding.advice:
                told.append((None, f"    {'':<{width}}  {sanitize(finding.advice)}"))
    return told[1:]


def verdict(sections: Sequence[Section]) -> str:
    """The last sentence: whether one can begin."""
    bad = [f for section in sections for f in section.findings if f.mark == "bad"]
    if not bad:
        return "Everything that torch-tutor needs is here."
    return f"{_count(len(bad), 'thing')} must be put right first, marked ✗ above."


def _layer_findings(layers: Layers) -> tuple[Finding, ...]:
    outer = {
        "bubblewrap": "bubblewrap gives a private view of files, processes and network",
        "namespaces": "namespaces give a private view of files, processes and network",
        "seatbelt": "a Seatbelt profile allows listed files alone, and no network",
        "": "nothing hides other files, processes and the network from view",
    }
    found = [Finding("outside", outer[layers.outer], "ok" if layers.outer else "note")]
    if layers.outer == "seatbelt":
        return tuple(found)
    if layers.landlock:
        text = f"Landlock (version {layers.landlock}) refuses every file that is not listed"
        found.append(Finding("files", text))
    else:
        found.append(Finding("files", "Landlock does not work here", "note"))
    if layers.seccomp:
        text = "seccomp refuses network sockets, tracing, mounting and other system calls"
        found.append(Finding("calls", text))
    else:
        found.append(Finding("calls", "seccomp does not work here", "note"))
    return tuple(found)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
