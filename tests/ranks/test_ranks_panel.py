"""The panel: every state at every width, and what it says."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from tutor.session.observed_ranks import RanksView
from tutor.ui.inspector import PANELS
from tutor.ui.themes import THEMES
from tutor.ui.widgets.ranks import RanksPanel
from tutor.ui.widgets.ranks_columns import bar
from tutor.ui.widgets.ranks_lines import ranks_lines
from tutor.wire.observed.ranks import Fingerprint, RankCall, RankGradient, RankRow


def gradient(own: float, shared: float = 0.5) -> RankGradient:
    print_ = Fingerprint(shared, (shared, -shared, 0.25, 0.0))
    return RankGradient("net.0.weight", 12, print_, Fingerprint(own, (own, -own, 0.25, 0.0)))


def row(rank: int, state: str = "running", **fields: object) -> RankRow:
    return RankRow(rank=rank, state=state, **fields)  # type: ignore[arg-type]


TRAINING = RanksView(
    (
        row(
            0,
            "waiting",
            line=9,
            step=12,
            loss="0.431228",
            op="backward",
            op_seconds=0.8,
            samples=(0, 2, 4, 6),
            samples_hidden=3,
            seconds=2.0,
            talking=1.2,
            gradient=gradient(0.4),
            counts=(("all_reduce", 7),),
            calls=(RankCall("all_reduce", 1, 5, "2", "[1.0 1.0]", "[3.0 3.0]"),),
            output=("epoch 1", "epoch 2"),
        ),
        row(
            1,
            line=7,
            step=12,
            loss="0.398127",
            samples=(1, 3, 5, 7),
            seconds=2.0,
            talking=0.3,
            gradient=gradient(0.6),
            output=("epoch 1",),
            output_hidden=9,
        ),
    ),
    run=3,
    block="train",
)
STATES = {
    "empty": RanksView(),
    "starting": RanksView((row(0, "starting"), row(1, "starting")), run=1),
    "training": TRAINING,
    "apart": RanksView(
        (
            row(0, "done", step=12, seconds=1.0, gradient=gradient(0.5, 0.5), samples=(1, 2)),
            row(1, "done", step=12, seconds=1.0, gradient=gradient(0.5, 0.6), samples=(1, 2)),
        ),
        over=True,
    ),
    "failed": RanksView(
        (
            row(0, "stopped", line=4, op="all_reduce", op_seconds=0.4, seconds=0.5),
            row(1, "lost", note="ended with exit code 1"),
        ),
        verdict="rank 1 ended with exit code 1 while rank 0 waited in all_reduce in line 4",
        over=True,
    ),
    "many": RanksView(tuple(row(n, "done", seconds=1.0, output=("hi",)) for n in range(8))),
    "hostile": RanksView(
        (
            row(
                0,
                "failed",
                loss="\x1b[31m" + "9" * 200,
                op="x\ny",
                op_seconds=9,
                output=("[bold]no markup[/bold]", "宽" * 90),
                note="E\x07: " + "very long " * 40,
                calls=(RankCall("a" * 200, 1, 5, "", "[1.0]", "[2.0]"),),
            ),
        )
    ),
}


class Host(App[None]):
    def __init__(self, view: RanksView) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.panel = RanksPanel(view)

    def compose(self) -> ComposeResult:
        yield self.panel


def text(view: RanksView, width: int = 60) -> str:
    return "\n".join(line.plain.rstrip() for line in ranks_lines(view, width))


@pytest.mark.parametrize("width", [20, 36, 44, 80])
@pytest.mark.parametrize("state", STATES)
async def test_every_state_fits_and_lets_no_control_code_through(state: str, width: int) -> None:
    app = Host(STATES[state])
    async with app.run_test(size=(width, 70)) as pilot:
        await pilot.pause()
        lines = ranks_lines(STATES[state], width)
        assert max(line.cell_length for line in lines) <= width
        shown = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert not [c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0]
        assert app.panel.max_scroll_x == 0


def test_columns_stand_side_by_side_with_what_each_rank_does() -> None:
    lines = text(TRAINING, 60).split("\n")
    assert lines[0].startswith("rank 0 ◔ waiting")
    assert "│ rank 1 ▶ running" in lines[0]
    assert lines[1].startswith("in backward 0.8 s")
    assert "│ line 7" in lines[1]
    shown = text(TRAINING, 60)
    for words in (
        "loss 0.431228",
        "loss 0.398127",
        "samples 0 2 4 6 …",
        "∇ net.0.weight",
        "own 0.4",
        "all 0.5 ✓ same",
        "[1.0 1.0] → [3.0 3.0]",
        "all_reduce ×7",
        "│epoch 2",
        "… 9 lines above",
    ):
        assert words in shown, words


def test_the_fast_rank_is_said_to_wait_and_gradients_to_agree() -> None:
    shown = " ".join(text(TRAINING).split())
    assert "Rank 0 waited 75 ms a step for rank 1: the fast rank shows the wait." in shown
    assert "After step 12 all ranks hold the same gradient: it is the average" in shown


def test_ranks_that_drift_apart_and_share_samples_are_warned_of() -> None:
    shown = " ".join(text(STATES["apart"]).split())
    assert "the ranks hold different gradients" in shown
    assert "All ranks drew the same samples" in shown


def test_the_verdict_comes_first() -> None:
    assert text(STATES["failed"], 80).startswith(
        "✗ Rank 1 ended with exit code 1 while rank 0 waited in all_reduce in line 4."
    )


def test_the_empty_panel_teaches() -> None:
    assert "Run a cell of a distributed lesson" in " ".join(text(STATES["empty"]).split())


def test_many_ranks_share_the_width_evenly() -> None:
    titles = [line for line in text(STATES["many"], 80).split("\n") if line.startswith("rank")]
    assert [title.count("rank") for title in titles] == [4, 4]
    narrow = text(STATES["many"], 20).split("\n")
    assert sum("✓ done" in line for line in narrow) == 8


def test_the_bar_always_fills_its_column() -> None:
    from tutor.session.observed_ranks import Share

    for share in (Share(1, 2, 3), Share(0, 0, 0), Share(0, 1, 0), Share(1e-9, 1, 1)):
        for width in (1, 7, 16):
            assert bar(share, width).cell_length == width


async def test_a_new_view_replaces_the_old_one() -> None:
    app = Host(STATES["empty"])
    async with app.run_test(size=(44, 60)) as pilot:
        app.panel.view = TRAINING
        await pilot.pause()
        shown = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "rank 1 ▶ running" in shown


def test_lessons_can_name_the_panel() -> None:
    assert any((panel.id, panel.title) == ("ranks", "Ranks") for panel in PANELS)
