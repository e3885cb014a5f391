"""What was found on this computer, in words for the course map."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from tutor.session.snapshot import Machine, Snapshot
from tutor.text import bytes_text
from tutor.ui.keys import key
from tutor.ui.widgets.flow import Flow, cut
from tutor.ui.widgets.plain import plain


class MachineLines(Flow):
    """The device, torch and the sandbox; while they are unknown, what is going on."""

    snapshot: reactive[Snapshot] = reactive(Snapshot(), init=False)

    def watch_snapshot(self, before: Snapshot, after: Snapshot) -> None:
        if machine_lines(before, 80) != machine_lines(after, 80):
            self.reflow()

    def lines(self, width: int) -> list[Content]:
        return machine_lines(self.snapshot, width)


def machine_lines(snapshot: Snapshot, width: int) -> list[Content]:
    """One line for the device, then one or two for the sandbox."""
    if snapshot.phase == "failed":
        failed = plain(f"✗ The worker did not start. {snapshot.sentence}", "$text-error")
        advice = f"You can read the lessons meanwhile. {key('app.restart').shown} tries again."
        return [*failed.wrap(width)[:3], plain(advice, "$text-muted")]
    machine, isolation = snapshot.machine, snapshot.isolation
    if machine is None:
        return [
            plain("◌ The worker is warming up: torch loads beside this screen.", "$text-primary"),
            plain("Go on and read; code runs as soon as it is ready.", "$text-muted"),
        ]
    lines = [plain(device_line(machine, width), "$text-muted")]
    if isolation is not None:
        sentence = plain(f"Sandbox {isolation.tier}. {isolation.sentence}", "$text-muted")
        lines += sentence.wrap(width)[:3]
    return lines


def device_line(machine: Machine, width: int) -> str:
    """`cpu: AMD EPYC … · 16.0 GiB · torch 2.13.0 · Python 3.11.7`; the last parts may go."""
    device = machine.device
    name = device.kind if device.kind == "cpu" else f"{device.kind}:{device.index}"
    parts = [f"{name}: {device.name}" if device.name and device.name != name else name]
    if device.memory:
        parts.append(bytes_text(device.memory))
    parts += [f"torch {machine.torch}", f"Python {machine.python}"]
    while len(parts) > 1 and len(" · ".join(parts)) > width:
        parts.pop()
    return cut(" · ".join(parts), width)
