"""The panel: every state at every width, and what it says."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tests.conftest import run_cell
from tutor.session.session import Session
from tutor.ui.themes import THEMES
from tutor.ui.widgets.memory import MemoryPanel, MemoryView
from tutor.ui.widgets.memory_lines import MOST_ROWS, memory_lines, signed
from tutor.wire.observed.memory import (
    DeviceMemory,
    Held,
    HeldByKind,
    LineGrowth,
    MemoryMeasured,
    NameChanged,
)

M = 1 << 20
SOURCE = "x = torch.zeros(1000, 1000)\nbig = x.double() + a_function_with_a_long_name(x)\nbig.sum()"
FULL = MemoryMeasured(
    run=3,
    block="a",
    process=512 * M,
    before=480 * M,
    idle=214 * M,
    peak=600 * M,
    peak_before=480 * M,
    devices=(DeviceMemory("cuda:0", 300 * M, 800 * M, 1024 * M, 80 << 30),),
    kinds=(
        HeldByKind("tensor", 40 * M, 12),
        HeldByKind("parameter", 20 * M, 8),
        HeldByKind("gradient", 20 * M, 8),
        HeldByKind("optimizer", 40 * M, 24),
    ),
    rows=(
        Held("opt.state", 40 * M, "optimizer", count=24),
        Held("images", 30 * M, "tensor", also=("xb", "first", "second")),
        Held("model.layers.0.attention.weight", 16 * M, "parameter", "cuda:0"),
        *(Held(f"small{n}", n, "tensor") for n in range(30)),
    ),
    hidden=5,
    lines=(
        LineGrowth(1, 4 * M),
        LineGrowth(2, 8 * M, 0, 40 * M),
        LineGrowth(3, 4096),
    ),
    changed=(
        NameChanged("images", 0, 30 * M),
        NameChanged("old", 12 * M, 0),
        NameChanged("model", 20 * M, 40 * M),
        *(NameChanged(f"n{n}", 0, 1) for n in range(20)),
    ),
)
STATES = {
    "empty": MemoryView(),
    "nothing": MemoryView(MemoryMeasured(1, "a", process=200 * M, before=200 * M)),
    "unknown": MemoryView(MemoryMeasured(1, "a")),
    "full": MemoryView(FULL, SOURCE),
    "incomplete": MemoryView(
        MemoryMeasured(1, "a", kinds=(HeldByKind("tensor", 4, 1),), complete=False)
    ),
    "hostile": MemoryView(
        MemoryMeasured(
            1,
            "a",
            kinds=(HeldByKind("tensor", 1, 1),),
            rows=(
                Held("[red]\x1b[31m" + "名" * 80, 1 << 62, "tensor", "x" * 90, also=("\x1b]0;",)),
            ),
            lines=(LineGrowth(9, 5 * M), LineGrowth(1 << 60, -(1 << 61))),
            changed=(NameChanged("n\n" * 90, 1 << 61, 1 << 62),),
        ),
        "\x1b[31m" * 9,
    ),
}


class Host(App[None]):
    def __init__(self, view: MemoryView) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.panel = MemoryPanel(view)

    def compose(self) -> ComposeResult:
        yield self.panel


@pytest.mark.parametrize("width", [20, 36, 44, 80])
@pytest.mark.parametrize("state", STATES)
async def test_every_state_fits_and_lets_no_control_code_through(state: str, width: int) -> None:
    app = Host(STATES[state])
    async with app.run_test(size=(width, 60)) as pilot:
        await pilot.pause()
        view = STATES[state]
        lines = memory_lines(view.measured, view.source, width)
        assert lines or state == "unknown"
        assert max((line.cell_length for line in lines), default=0) <= width
        shown = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert not [c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0]
        assert app.panel.max_scroll_x == 0


def text(view: MemoryView, width: int = 60) -> list[str]:
    return [line.plain for line in memory_lines(view.measured, view.source, width)]


def test_the_panel_answers_what_holds_memory_and_what_took_it() -> None:
    lines = text(STATES["full"])
    shown = "\n".join(lines)
    assert "process 512 MiB" in shown
    assert "peak 600 MiB ▲" in shown
    assert "this run +32.0 MiB" in shown
    assert "cuda:0  300 MiB of 80.0 GiB" in shown
    assert any("optimizer" in line and "40.0 MiB" in line and "24" in line for line in lines)
    assert any("images  ≡ xb, first, second" in line for line in lines)
    assert "… 28 smaller not listed" in shown
    assert any("   2 big = x.double()" in line and "peak +40.0 MiB" in line for line in lines)
    assert not any(line.startswith("   3 ") for line in lines), "4 KiB are no news"
    assert any("−old" in line and "freed 12.0 MiB" in line for line in lines)
    assert any("~model" in line and "20.0 MiB → 40.0 MiB" in line for line in lines)
    assert sum("small" in line and "…" not in line for line in lines) == MOST_ROWS - 3


def test_growth_has_a_sign() -> None:
    assert [signed(n) for n in (0, 2048, -2048)] == ["±0", "+2.0 KiB", "−2.0 KiB"]


async def test_a_real_cell_reaches_the_panel(session: Session) -> None:
    await run_cell(session, "x = torch.ones(3000, 1000)\n", "a")
    snapshot = await run_cell(session, "y = x[:1]\ndel x\nz = torch.ones(2000, 1000)\n", "b")
    measured = snapshot.observed.memory.measured
    assert measured is not None
    assert measured.block == "b"
    assert measured.process > measured.idle > 50 * M
    assert {(c.name, c.before, c.after) for c in measured.changed} == {
        ("x", 12_000_000, 0),
        ("y", 0, 12_000_000),
        ("z", 0, 8_000_000),
    }
    assert [line.line for line in measured.lines] == [1, 2, 3]
    assert measured.lines[2].process > 7_000_000


async def test_a_fresh_worker_has_measured_nothing(session: Session) -> None:
    await run_cell(session, "x = torch.ones(3)\n", "a")
    await session.restart()
    assert session.snapshot.observed.memory.measured is None
