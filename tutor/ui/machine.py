"""What was found on this computer, in words for the course map."""

from __future__ import annotations

from textual.content import Content

from tutor.session.snapshot import Snapshot
from tutor.text import bytes_text
from tutor.ui.widgets.plain import plain


def machine_lines(snapshot: Snapshot) -> list[Content]:
    """Two lines: the device and the sandbox, or what is going on instead."""
    if snapshot.phase == "failed":
        return [
            plain(f"✗ The worker did not start. {snapshot.sentence}", "$text-error"),
            plain("You can read the lessons meanwhile. Ctrl+L tries again.", "$text-muted"),
        ]
    machine, isolation = snapshot.machine, snapshot.isolation
    lines: list[Content] = []
    if machine is None:
        lines.append(
            plain("◌ The worker is warming up: torch loads beside this screen.", "$text-primary")
        )
        lines.append(plain("Go on and read; code runs as soon as it is ready.", "$text-muted"))
        return lines
    device = machine.device
    name = device.kind if device.kind == "cpu" else f"{device.kind}:{device.index}"
    about = [f"{name}: {device.name}" if device.name and device.name != name else name]
    if device.memory:
        about.append(bytes_text(device.memory))
    about.append(f"torch {machine.torch}")
    about.append(f"Python {machine.python}")
    lines.append(plain(" · ".join(about), "$text-muted"))
    if isolation is not None:
        lines.append(plain(f"Sandbox {isolation.tier}. {isolation.sentence}", "$text-muted"))
    return lines
