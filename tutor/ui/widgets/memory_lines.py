"""Where the memory is, as lines of text: process, device, kinds, storages, statements, names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tutor.text import bytes_text
from tutor.ui.widgets.flow import cut, cut_content
from tutor.ui.widgets.plain import one_line, plain
from tutor.wire.observed.memory import (
    DeviceMemory,
    Held,
    LineGrowth,
    MemoryMeasured,
    NameChanged,
)

EMPTY = (
    "Nothing measured yet.",
    "",
    "Run a cell, for example x = torch.zeros(1000, 1000): four million bytes, four for each "
    "number. Here you then see what holds memory, which line took it, and what the cell left "
    "behind.",
)
HELP = (
    "Every storage counts once, under the first of your names that leads to it; views and "
    "aliases share it.",
    "The process also holds Python, torch and the graph of a forward pass, keeps freed memory "
    "for later, and grows when an operation is used for the first time.",
    "Memory of a tensor is freed when its last name is gone: del x alone is not enough while a "
    "view lives.",
)
BAR = 10
SMALL = 1 << 20
"""Growth of the process below this is not told: it grows in advance, and with code that torch
loads at the first use of an operation."""
MOST_ROWS = 10
MOST_LINES = 8
MOST_CHANGED = 8

_KINDS = {
    "tensor": ("tensors", "$text-primary"),
    "parameter": ("parameters", "$text-secondary"),
    "buffer": ("buffers", "$text-secondary"),
    "gradient": ("gradients", "$text-warning"),
    "optimizer": ("optimizer", "$text-accent"),
}


def memory_lines(measured: MemoryMeasured | None, source: str, width: int) -> list[Content]:
    """The whole panel in `width` columns; `source` is the text that ran, "" where unknown."""
    if measured is None:
        return [line for text in EMPTY for line in plain(text, "$text-muted").wrap(width)]
    sections = (
        _machine(measured, width),
        _kinds(measured, width),
        _storages(measured, width),
        _growth(measured, source, width),
        _changed(measured.changed, width),
        (line for text in HELP for line in plain(text, "$text-muted").wrap(width)),
    )
    lines: list[Content] = []
    for section in sections:
        part = [cut_content(line, width) for line in section]
        if part and lines:
            lines.append(Content(""))
        lines += part
    return lines


# ---------------------------------------------------------------------- the sections


def _machine(measured: MemoryMeasured, width: int) -> Iterator[Content]:
    if measured.process:
        raised = measured.peak > measured.peak_before
        peak = f"peak {bytes_text(measured.peak)}{' ▲' if raised else ''}"
        yield from _row("process", bytes_text(measured.process), peak, width)
        if measured.before:
            run = f"this run {signed(measured.process - measured.before)}"
            idle = f"Python and torch {bytes_text(measured.idle)}" if measured.idle else ""
            for text in (run, idle):
                yield plain(f"  {text}" if text else "", "$text-muted")
    for device in measured.devices:
        yield from _device(device, width)


def _device(device: DeviceMemory, width: int) -> Iterator[Content]:
    held = bytes_text(device.allocated)
    if device.total:
        held += f" of {bytes_text(device.total)}"
    peak = f"peak {bytes_text(device.peak)}" if device.peak else ""
    yield from _row(one_line(device.device), held, peak, width)
    if device.reserved:
        yield plain(f"  kept in reserve {bytes_text(device.reserved)}", "$text-muted")


def _kinds(measured: MemoryMeasured, width: int) -> Iterator[Content]:
    total = sum(kind.bytes for kind in measured.kinds)
    if not total:
        return
    yield _heading("held by your names", bytes_text(total), width)
    for kind in measured.kinds:
        word, colour = _KINDS[kind.kind]
        filled = round(BAR * kind.bytes / total)
        bar = Content.styled("█" * filled, colour) + Content.styled("░" * (BAR - filled), "dim")
        amount = f"{bytes_text(kind.bytes):>9}"
        line = Content(f" {word:<11}") + bar + Content(amount)
        count = Content.styled(f"  {kind.count:,}", "$text-muted")
        yield line + count if line.cell_length + count.cell_length <= width else line
    if not measured.complete:
        yield plain(" too many tensors: some are not counted", "$text-warning")


def _storages(measured: MemoryMeasured, width: int) -> Iterator[Content]:
    if not measured.rows:
        return
    yield _heading("largest storages", "", width)
    for row in measured.rows[:MOST_ROWS]:
        yield _storage(row, width)
    if hidden := measured.hidden + len(measured.rows[MOST_ROWS:]):
        yield plain(f" … {hidden:,} smaller not listed", "$text-muted")


def _storage(row: Held, width: int) -> Content:
    amount = bytes_text(row.bytes)
    about = _about(row)
    room = max(4, width - 1 - 2 - len(amount))
    name = cut(one_line(row.path), room)
    left = room - cell_len(name) - 2
    also = f"≡ {', '.join(map(one_line, row.also))}" if row.also else ""
    text = Content(f" {name}")
    for note in (about, also):
        short = note if cell_len(note) <= left or note is about else cut(note, left)
        if note and 4 <= cell_len(short) <= left:
            text += Content.styled(f"  {short}", "$text-muted")
            left -= cell_len(short) + 2
    return _ends(text, Content.styled(amount, _KINDS[row.kind][1]), width)


def _about(row: Held) -> str:
    if row.kind == "optimizer":
        return f"{row.count:,} tensor{'s' * (row.count != 1)}"
    device = "" if row.device == "cpu" else one_line(row.device)
    return " ".join(part for part in ("" if row.kind == "tensor" else row.kind, device) if part)


def _growth(measured: MemoryMeasured, source: str, width: int) -> Iterator[Content]:
    told = [line for line in measured.lines if _worth(line)]
    if not told:
        return
    told = sorted(told, key=lambda line: -max(abs(line.process), abs(line.device), line.peak))
    told = sorted(told[:MOST_LINES], key=lambda line: line.line)
    code = source.split("\n")
    yield _heading("grew at line", "", width)
    for line in told:
        amount = signed(line.device if line.device else line.process)
        if line.peak - max(0, line.process) >= SMALL:  # it was given back within the statement
            amount += f"  peak +{bytes_text(line.peak)}"
        text = code[line.line - 1].strip() if 0 < line.line <= len(code) else ""
        room = width - 5 - 2 - len(amount)
        left = Content.styled(f"{line.line:>4} ", "$text-muted") + Content(
            cut(one_line(text), room)
        )
        yield _ends(left, Content(amount), width)


def _changed(changed: Iterable[NameChanged], width: int) -> Iterator[Content]:
    changed = tuple(changed)
    if not changed:
        return
    yield _heading("left behind by this run", "", width)
    for name in changed[:MOST_CHANGED]:
        mark, colour = "~", "$text-warning"
        amount = f"{bytes_text(name.before)} → {bytes_text(name.after)}"
        if not name.before:
            mark, colour, amount = "+", "$text-success", bytes_text(name.after)
        elif not name.after:
            mark, colour, amount = "−", "$text-muted", f"freed {bytes_text(name.before)}"
        text = cut(one_line(name.name), max(4, width - 4 - len(amount)))
        yield _ends(Content.styled(f" {mark}{text}", colour), Content(amount), width)
    if len(changed) > MOST_CHANGED:
        yield plain(f" … {len(changed) - MOST_CHANGED:,} more names", "$text-muted")


# ---------------------------------------------------------------------- pieces


def signed(count: int) -> str:
    """`+1.5 MiB`, `−20 KiB`, `±0`."""
    if not count:
        return "±0"
    return f"{'+' if count > 0 else '−'}{bytes_text(abs(count))}"


def _worth(line: LineGrowth) -> bool:
    return bool(line.device) or max(abs(line.process), line.peak) >= SMALL


def _row(name: str, amount: str, peak: str, width: int) -> Iterator[Content]:
    start = Content.styled(set_cell_size(name, max(8, cell_len(name) + 1)), "bold")
    whole = start + Content(amount)
    end = Content.styled(peak, "$text-muted")
    if whole.cell_length + 2 + end.cell_length <= width:
        yield _ends(whole, end, width)
    else:
        yield whole
        if peak:
            yield Content.styled(f"  {peak}", "$text-muted")


def _heading(text: str, end: str, width: int) -> Content:
    return _ends(Content.styled(text, "bold $text-muted"), Content.styled(end, "bold"), width)


def _ends(left: Content, right: Content, width: int) -> Content:
    room = width - left.cell_length - right.cell_length
    return left + Content(" " * max(1, room)) + right if right else left
