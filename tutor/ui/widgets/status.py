"""How the worker stands, in one line: ready, on what device, how well it is fenced in."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from tutor.session.snapshot import Snapshot
from tutor.ui.widgets.flow import Flow, cut
from tutor.ui.widgets.tones import STYLES, Status

_PHASES = {
    "warming": Status("◌", "warming up", "busy"),
    "ready": Status("●", "ready", "good"),
    "busy": Status("●", "running", "busy"),
    "interrupting": Status("◼", "stopping", "warn"),
    "restarting": Status("◌", "restarting", "busy"),
    "failed": Status("✗", "worker failed", "bad"),
}


class WorkerStatus(Flow):
    """Draws the worker's part of a `Snapshot`; says less where there is less room."""

    DEFAULT_CSS = """
    WorkerStatus { height: 1; text-align: right; color: $foreground; }
    """

    snapshot: reactive[Snapshot] = reactive(Snapshot(), init=False)

    def __init__(
        self,
        snapshot: Snapshot = Snapshot(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(WorkerStatus.snapshot, snapshot)

    def watch_snapshot(self, before: Snapshot, after: Snapshot) -> None:
        if status_parts(before) != status_parts(after):
            self.reflow()

    def lines(self, width: int) -> list[Content]:
        return [status_line(self.snapshot, width)]


def status_parts(snapshot: Snapshot) -> tuple[Status, tuple[tuple[str, ...], ...]]:
    """The state, and what may follow it: each detail in a long and a short form."""
    status = _PHASES[snapshot.phase]
    queued = len(snapshot.queue)
    if snapshot.phase == "busy" and queued:
        status = Status(status.glyph, f"running, {queued} queued", status.tone)
    if snapshot.lost and snapshot.phase == "ready":
        status = Status("!", "a fresh worker: names are gone", "warn")
    details: list[tuple[str, ...]] = []
    if machine := snapshot.machine:
        device = machine.device
        name = device.kind if device.kind == "cpu" else f"{device.kind}:{device.index}"
        cores = f"{machine.cores} core{'s' * (machine.cores != 1)}"
        threads = f"{machine.threads} thread{'s' * (machine.threads != 1)}"
        details += [(name,), (f"{cores}, {threads}", "")]
    if isolation := snapshot.isolation:
        details.append((f"sandbox {isolation.tier}", isolation.tier))
    return status, tuple(details)


def status_line(snapshot: Snapshot, width: int) -> Content:
    """The longest form that fits `width`."""
    status, details = status_parts(snapshot)
    forms = [
        [detail[0] for detail in details],
        [detail[-1] for detail in details],
        [detail[0] for detail in details[:1]],
        [],
    ]
    for form in forms:
        rest = "".join(f" · {text}" for text in form if text)
        if len(str(status)) + len(rest) <= width:
            return status.content() + Content.styled(rest, "$text-muted")
    return Content.styled(cut(str(status), width), STYLES[status.tone])
