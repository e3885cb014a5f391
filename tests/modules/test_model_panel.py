"""The model as a tree on the screen: shapes, folding, crashes, every state at every width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.ui_widgets.gallery import Host, frame
from tutor.session.observed_model import ModelView, model_begun, model_seen, model_unwatched
from tutor.ui.widgets.model import ModelPanel
from tutor.ui.widgets.model_rows import MANY, parameters_text
from tutor.wire.observed.model import LayerRow, ModelSeen, ModelUnwatched


def layer(path: str, kind: str, depth: int = 1, **fields: object) -> LayerRow:
    values = {"inputs": "64×784", "outputs": "64×128", "share": 0.5}
    return LayerRow(path, kind, depth, **(values | fields))  # type: ignore[arg-type]


def seen(*rows: LayerRow, **fields: object) -> ModelSeen:
    values = {
        "run": 1,
        "index": 0,
        "name": "net",
        "kind": "Sequential",
        "parameters": 101_770,
        "trainable": 101_770,
        "seconds": 0.002,
    }
    return ModelSeen(rows=rows, **(values | fields))  # type: ignore[arg-type]


MLP = seen(
    layer("", "Sequential", 0, parameters=101_770, trainable=101_770, share=1.0),
    layer("0", "Linear", parameters=100_480, trainable=100_480),
    layer("1", "ReLU", share=0.001),
    layer("2", "Linear", parameters=1_290, trainable=0, call=2, more=7, training=False),
)
CRASHED = seen(
    layer("", "Sequential", 0, outputs="", state="open", share=-1.0),
    layer("body", "Block", 1, outputs="", state="open", share=-1.0),
    layer("body.fc", "Linear", 2, outputs="", state="failed", share=-1.0),
    layer("head", "Linear", 1, inputs="", outputs="", state="waiting", share=-1.0),
    error="RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x5408 and 100x10)",
)
FUSED = seen(
    layer("", "TransformerEncoder", 0, training=False),
    layer("layers.0", "TransformerEncoderLayer", state="fused", training=False),
    layer("norm", "LayerNorm", inputs="", outputs="", state="unused", training=False),
    name="enc",
    index=1,
    training=False,
)
LARGE = seen(
    layer("", "Sequential", 0),
    *(
        row
        for block in range(20)
        for row in (
            layer(f"{block}", "Block", 1),
            *(layer(f"{block}.{part}", "Linear", 2) for part in range(5)),
        )
    ),
    hidden=12,
)
STATES = {
    "empty": ModelView(),
    "mlp": ModelView((MLP,), 1),
    "earlier": ModelView((MLP,), 1, earlier=True),
    "crashed": ModelView((CRASHED,), 1),
    "two": ModelView((MLP, FUSED), 1),
    "large": ModelView((LARGE,), 1),
    "unwatched": ModelView(unwatched="torch.compile is in use."),
}


@pytest.mark.parametrize("width", [36, 44, 80])
@pytest.mark.parametrize("state", STATES)
async def test_every_state_fits_its_width(state: str, width: int) -> None:
    panel = ModelPanel(STATES[state])
    app = Host(panel)
    async with app.run_test(size=(width, 40)) as pilot:
        panel.focus()
        await pilot.press("enter", "down", "enter", "end", "enter", "home")
        assert panel.max_scroll_x == 0
        text = frame(app)
        assert max(map(len, text.split("\n"))) <= width
        word = {
            "empty": "Sequential(nn.Linear(4,",
            "mlp": "64×128",
            "earlier": "earlier",
            "crashed": "✗ fc Linear",
            "two": "eval mode",
            "large": "0 Block",
            "unwatched": "torch.compile",
        }[state]
        assert word in " ".join(text.split()), text


async def test_the_failing_layer_is_marked_and_the_rest_was_not_reached() -> None:
    app = Host(ModelPanel(ModelView((CRASHED,), 1)))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        text = frame(app)
        assert "✗ RuntimeError: mat1 and mat2" in text
        lines = [line for line in text.split("\n") if "Linear" in line]
        assert "✗ fc Linear" in lines[0]
        assert "not reached" in lines[1]


async def test_a_large_model_starts_folded_and_opens_by_key() -> None:
    panel = ModelPanel(ModelView((LARGE,), 1))
    app = Host(panel)
    async with app.run_test(size=(60, 40)) as pilot:
        panel.focus()
        assert len([row for row in panel.rows() if row.key]) <= MANY
        before = len(panel.rows())
        await pilot.press("down", "right")
        assert len(panel.rows()) == before + 5
        await pilot.press("down", "left")
        assert panel.current is not None
        assert panel.current.key == "0:1"
        await pilot.press("left")
        assert len(panel.rows()) == before


def test_the_way_to_a_failing_layer_is_open_in_a_large_model() -> None:
    rows = list(LARGE.rows)
    rows[9] = replace(rows[9], state="failed", outputs="")
    panel = ModelPanel(ModelView((replace(LARGE, rows=tuple(rows), error="E: x"),), 1))
    assert "0:9" in [row.key for row in panel.rows()]


async def test_more_about_a_layer_on_enter() -> None:
    panel = ModelPanel(ModelView((MLP,), 1))
    app = Host(panel)
    async with app.run_test(size=(80, 30)) as pilot:
        panel.focus()
        await pilot.press("end", "enter")
        text = frame(app)
        for words in ("net.2", "1,290 parameters, 1,290 of them frozen", "7 more times", "eval"):
            assert words in text


def test_models_of_a_run_gather_and_a_second_try_takes_the_place_of_the_first() -> None:
    view = model_seen(ModelView(), CRASHED)
    view = model_seen(view, MLP)
    assert view.models == (MLP,)
    view = model_seen(view, FUSED)
    assert [model.name for model in view.models] == ["net", "enc"]
    view = model_begun(view)
    assert view.earlier
    assert model_seen(view, replace(MLP, run=2)).models == (replace(MLP, run=2),)
    told = model_unwatched(view, ModelUnwatched(2, "why"))
    assert (told.unwatched, told.models) == ("why", view.models)


def test_parameters_in_few_cells() -> None:
    counts = (0, 1_290, 9_999, 10_000, 101_770, 999_600, 25_600_000, 7_000_000_000)
    assert [parameters_text(count) for count in counts] == [
        "0", "1,290", "9,999", "10.0k", "102k", "1.0M", "25.6M", "7.0G",
    ]  # fmt: skip
