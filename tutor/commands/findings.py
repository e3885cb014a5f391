"""What `doctor` reports: findings in words, from facts that were gathered elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from tutor.commands.checkup import Finding, counted
from tutor.commands.trust import decide
from tutor.sandbox.isolation import Layers
from tutor.session.api import SessionError
from tutor.session.selftest import Trial
from tutor.session.snapshot import Isolation, Machine
from tutor.session.spending import Limit, Spending
from tutor.settings import Settings, ThirdParty
from tutor.text import bytes_text
from tutor.wire.control import Policy

OLDEST_TORCH = (2, 6)


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
            "cores", f"{machine.cores}, of which cells use {counted(machine.threads, 'thread')}"
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


def trial_findings(tried: Sequence[Trial] | SessionError, tier: str) -> tuple[Finding, ...]:
    """Attacks that were tried for real. One that succeeds is bad wherever a sandbox is promised."""
    if isinstance(tried, SessionError):
        return (Finding("self-test", tried.sentence, "bad", _REPORT),)
    if not tried:
        return (Finding("self-test", "nothing was tried, because no worker started", "note"),)
    promised = tier != "process-only"
    return tuple(
        Finding("denied", f"{trial.name} ({trial.how})")
        if trial.denied
        else Finding(
            "NOT DENIED",
            f"{trial.name} ({trial.how})",
            "bad" if promised else "note",
            _REPORT if promised else "",
        )
        for trial in tried
    )


_REPORT = "Please report this, with everything above."


def third_party_finding(policy: ThirdParty, isolation: Isolation) -> Finding:
    """What happens to courses that did not come with torch-tutor."""
    decision = decide(policy, isolation)
    action = {"open": "are opened", "ask": "are opened after a question", "refuse": "are refused"}
    careless = decision.action == "open" and bool(decision.missing)
    return Finding(
        "other courses",
        f"{action[decision.action]}, because {decision.why}",
        "note" if careless else "ok",
    )


def limit_findings(
    spending: Spending, policy: Policy, time_factor: float = 1.0, memory_here: int = 0
) -> tuple[Finding, ...]:
    """What one worker may spend, and where each number comes from. `memory_here`: bytes that this
    machine has, 0 = not known."""
    memory = spending.memory
    if not policy.data_bytes:
        why = "GPU drivers reserve far more than they use" if memory.value else memory.why
        first = Finding("memory", f"not limited, because {why}", "note")
    elif memory_here and memory.value > memory_here:
        text = f"{bytes_text(memory.value)} ({_from(memory)}), but this machine has only "
        text += bytes_text(memory_here)
        first = Finding("memory", text, "note", "Set memory lower.", memory.value)
    else:
        text = f"{bytes_text(memory.value)} for a worker and each process it starts"
        first = Finding("memory", f"{text} ({_from(memory)})", value=memory.value)
    times = f"{time_factor:g} times the limit of each cell and exercise"
    return (
        first,
        _number("threads", spending.threads, "inside one torch operation"),
        Finding("time", f"{times} ({'config.toml' if time_factor != 1 else 'the default'})"),
        _number("processes", spending.processes, "at once"),
        _size("disk", spending.disk, "in the scratch folder"),
        _size("file size", spending.file_size, "a file"),
        _size("output", spending.output, "of printed text kept of each cell"),
        Finding(
            "open files", f"{policy.open_files} (the same everywhere)", value=policy.open_files
        ),
        Finding("network", "none, except where a lesson asks for this machine's own"),
    )


def _size(name: str, limit: Limit, of: str) -> Finding:
    return Finding(name, f"{bytes_text(limit.value)} {of} ({_from(limit)})", value=limit.value)


def _number(name: str, limit: Limit, of: str) -> Finding:
    return Finding(name, f"{limit.value} {of} ({_from(limit)})", value=limit.value)


def _from(limit: Limit) -> str:
    return "config.toml" if limit.chosen else limit.why


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
