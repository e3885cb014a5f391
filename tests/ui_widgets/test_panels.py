"""Output, tensors and the one-line widgets on a screen."""

from __future__ import annotations

import time

import pytest
from exhibits import (
    BIG_DETAIL,
    HINTS,
    HUGE,
    READY,
    ROWS,
    SMALL_DETAIL,
    STEPS,
    TABLE,
    VALUE,
    WIDE_DETAIL,
)
from gallery import Host, frame
from textual.app import App

from tutor.session.snapshot import Output, OutputLine, Snapshot, TensorTable
from tutor.ui.widgets.footer import KeyFooter
from tutor.ui.widgets.heat_map import HeatMap
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic
from tutor.ui.widgets.status import WorkerStatus
from tutor.ui.widgets.stepbar import StepBar
from tutor.ui.widgets.tensor_view import TensorView
from tutor.ui.widgets.tensors import TensorsPanel


def printed(count: int, text: str = "line {}") -> Output:
    return Output(tuple(OutputLine(text.format(n)) for n in range(count)), count)


async def test_output_follows_the_end_until_the_reader_scrolls_up() -> None:
    view = OutputView(printed(50))
    app = Host(view)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "line 49" in frame(app)
        view.output = printed(90)
        await pilot.pause()
        await pilot.pause()
        assert "line 89" in frame(app)
        view.focus()
        await pilot.press("home")
        await pilot.wait_for_scheduled_animations()
        view.output = printed(140)
        await pilot.pause()
        await pilot.pause()
        assert "line 0\n" in frame(app)
        assert "lines below" in frame(app)
        await pilot.press("end")
        await pilot.wait_for_scheduled_animations()
        view.output = printed(150)
        await pilot.pause()
        await pilot.pause()
        assert "line 149" in frame(app)
        assert "lines above" in frame(app)


async def test_output_grows_to_twelve_rows_and_stops_there() -> None:
    view = OutputView(printed(3))
    async with Host(view).run_test() as pilot:
        await pilot.pause()
        assert view.size.height == 3
        view.output = printed(5)
        await pilot.pause()
        assert view.size.height == 5
        view.output = printed(2000)
        await pilot.pause()
        assert view.size.height == 12
        view.output = Output()
        await pilot.pause()
        assert view.size.height == 0


async def test_a_long_line_ends_with_a_sign_and_scrolls_sideways() -> None:
    view = OutputView(Output((OutputLine("start " + "x" * 200 + " end"),), 1))
    app = Host(view)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        [line] = [line for line in frame(app).split("\n") if "start" in line]
        assert line.endswith("…")
        view.focus()
        await pilot.press("right")
        view.scroll_to(x=500, animate=False)
        await pilot.pause()
        assert " end" in frame(app)
        assert frame(app).startswith("… ")


async def test_thousands_of_lines_at_thirty_a_second_cost_little() -> None:
    view = OutputView()
    app = Host(view)
    async with app.run_test() as pilot:
        lines = tuple(OutputLine(f"epoch {n} loss {n / 7:.6f}") for n in range(6000))
        snapshots = [Output(lines[: 3000 + 100 * n], 3000 + 100 * n) for n in range(30)]
        view.output = snapshots[0]
        await pilot.pause()
        begin = time.process_time()
        for snapshot in snapshots:
            view.output = snapshot
            await pilot.pause()
        spent = time.process_time() - begin
        assert spent < 0.9, f"{spent:.2f} s of CPU for one second of output"


async def test_lines_that_stream_in_need_no_new_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    view = OutputView(printed(2000))
    app = Host(view)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.pause()
        layouts: list[str] = []
        layout = app.screen._refresh_layout
        monkeypatch.setattr(
            app.screen, "_refresh_layout", lambda *a, **k: (layouts.append("x"), layout(*a, **k))
        )
        view.output = printed(2100)
        await pilot.pause()
        await pilot.pause()
        assert "line 2099" in frame(app)
        assert layouts == []


async def test_the_cursor_of_the_tensors_stays_on_its_tensor_when_the_table_changes() -> None:
    panel = TensorsPanel(TABLE)
    async with Host(panel).run_test() as pilot:
        panel.focus()
        await pilot.press("down", "down")
        assert panel.current is ROWS[2]
        panel.table = TensorTable((ROWS[6], *ROWS[:4]))
        await pilot.pause()
        assert panel.current is ROWS[2]
        panel.table = TensorTable()
        await pilot.pause()
        assert panel.current is None
        await pilot.press("down", "enter")


async def test_enter_opens_the_tensor_under_the_cursor() -> None:
    panel = TensorsPanel(TABLE)

    class Listener(Host):
        def on_tensors_panel_tensor_opened(self, event: TensorsPanel.TensorOpened) -> None:
            self.heard.append(event.path)

    app = Listener(panel)
    async with app.run_test() as pilot:
        panel.focus()
        await pilot.press("end", "enter")
        await pilot.pause()
        assert app.heard == ["index"]


async def test_the_table_shows_marks_words_and_what_is_gone() -> None:
    app = Host(TensorsPanel(TABLE))
    async with app.run_test(size=(110, 30)) as pilot:
        await pilot.pause()
        text = frame(app)
        for part in ("+prices", "~out", "∇net.fc.weight", "↻loss", "1 NaN", "≡ is out"):
            assert part in text
        assert "+ new   ~ changed in place   ↻ another tensor   ∇ new gradient" in text
        assert "− gone: old, tmp" in text
        assert "… 12 more tensors are not listed" in text


async def test_many_tensors_scroll_under_their_heading() -> None:
    rows = tuple(ROWS[0].__class__(f"t{n}", (n,), "float32", "cpu") for n in range(300))
    panel = TensorsPanel(TensorTable(rows))
    app = Host(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.focus()
        await pilot.press("end")
        await pilot.pause()
        text = frame(app)
        assert "t299" in text
        assert text.lstrip().startswith("name")


async def test_an_empty_panel_teaches() -> None:
    app = Host(TensorsPanel())
    async with app.run_test(size=(44, 20)):
        assert "x = torch.ones(2, 3)" in " ".join(frame(app).split())


async def test_small_tensors_show_their_numbers_on_colour() -> None:
    app = Host(TensorView(SMALL_DETAIL))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert " 10.0  22.0  36.0" in frame(app)
        heat = app.query_one(HeatMap)
        grounds = {s.style.bgcolor for s in heat.render_line(0) if s.text.strip() and s.style}
        assert len(grounds) == 3


async def test_big_tensors_say_what_the_picture_leaves_out() -> None:
    view = TensorView(BIG_DETAIL)
    app = Host(view)
    async with app.run_test(size=(100, 60)) as pilot:
        await pilot.pause()
        assert "▀" in frame(app)
        assert "×" in frame(app)
        assert "low −0.0136" in frame(app)
        assert "[0, :, :] of 3 × 28 × 28" in frame(app)
        view.detail = WIDE_DETAIL
        await pilot.pause()
        assert "64×128 averaged to 32×64" in frame(app)


async def test_without_colour_the_heat_is_shaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(TensorView(BIG_DETAIL))
    async with app.run_test(size=(100, 60)) as pilot:
        await pilot.pause()
        text = frame(app)
        assert all(shade in text for shade in "░▒▓█×")
        assert "▀" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_the_one_line_widgets_never_overflow(width: int) -> None:
    widgets = (StepBar(STEPS), WorkerStatus(READY), KeyFooter(HINTS))
    app: App[None] = Host(*widgets)
    async with app.run_test(size=(width, 10)) as pilot:
        await pilot.pause()
        await pilot.pause()
        for widget in widgets:
            assert widget.size.height == 1
            assert all(
                line.cell_length <= widget.size.width for line in widget.lines(widget.size.width)
            )
        assert frame(app).rstrip().endswith("F1 help"), "the way to all other keys stays"


async def test_clicking_a_key_chooses_it() -> None:
    class Listener(Host):
        def on_key_footer_chosen(self, event: KeyFooter.Chosen) -> None:
            self.heard.append(event.key)

    app = Listener(KeyFooter(HINTS))
    async with app.run_test(size=(80, 10)) as pilot:
        row = frame(app).split("\n")[9]
        await pilot.click(KeyFooter, offset=(row.index("check"), 0))
        await pilot.pause()
        assert app.heard == ["f8"]


async def test_the_worker_line_follows_the_snapshot() -> None:
    status = WorkerStatus()
    app = Host(status)
    async with app.run_test() as pilot:
        assert "◌ warming up" in frame(app)
        status.snapshot = READY
        await pilot.pause()
        assert "● ready · cpu · 2 cores, 1 thread · sandbox strong" in frame(app)
        status.snapshot = Snapshot(phase="failed")
        await pilot.pause()
        assert "✗ worker failed" in frame(app)


async def test_text_is_never_markup() -> None:
    text = "list[int] y[i] [red]x[/b] [@click=app.quit]go[/]"
    widget = PlainStatic(text)
    app = Host(widget)
    async with app.run_test() as pilot:
        assert text in frame(app)
        widget.update("now " + text)
        await pilot.pause()
        assert "now " + text in frame(app)


async def test_selected_output_can_be_copied() -> None:
    view = OutputView(HUGE, VALUE)
    app = Host(view)
    async with app.run_test() as pilot:
        await pilot.pause()
        view.text_select_all()
        await pilot.pause()
        text = app.screen.get_selected_text() or ""
        assert "line 0: " in text
        assert text.rstrip().endswith("[40., 55., 72.]])")
