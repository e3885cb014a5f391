"""Models and containers under one line in the tensors panel."""

from __future__ import annotations

from typing import Literal

from gallery import Host, frame

from tutor.session.snapshot import TensorTable
from tutor.ui.widgets.tensor_folds import Fold, entries, root_of
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.wire.messages import TensorRow

Change = Literal["", "gradient"]
LAYERS: tuple[tuple[int, Change], ...] = ((0, "gradient"), (2, ""), (4, "gradient"))
MODEL = tuple(
    TensorRow(f"net.{layer}.{part}", shape, "float32", "cpu", kind="parameter", change=change)
    for layer, change in LAYERS
    for part, shape in (("weight", (8, 4)), ("bias", (8,)))
)
X = TensorRow("x", (2, 4), "float32", "cpu", change="added")


def test_a_path_belongs_to_the_name_it_begins_with() -> None:
    assert [root_of(path) for path in ("x", "net.0.weight", "parts[2]", "d['a'].b")] == [
        "x",
        "net",
        "parts",
        "d",
    ]


def test_many_parts_fold_and_few_stay_open() -> None:
    x, net = entries((X, *MODEL), (), ())
    assert x is X
    assert net == Fold("net", 6, 3 * 40, ("gradient",))
    assert isinstance(net, Fold)
    assert net.text == "6 tensors · 120 numbers · new gradient"
    head, *parts = entries(MODEL[:2], (), ())
    assert isinstance(head, Fold)
    assert head.open
    assert parts == list(MODEL[:2])


def test_the_learner_decides_what_is_open() -> None:
    assert len(entries(MODEL, {"net"}, ())) == 7
    assert len(entries(MODEL[:2], (), {"net"})) == 1


def test_a_tensor_alone_gets_no_line_above_it() -> None:
    alone = TensorRow("parts[0]", (2,), "float32", "cpu")
    assert entries((alone, X), (), ()) == (alone, X)


def test_numbers_of_an_alias_count_once() -> None:
    twin = TensorRow("net.twin", (8, 4), "float32", "cpu", alias_of="net.0.weight")
    (fold,) = entries((*MODEL, twin), (), ())
    assert isinstance(fold, Fold)
    assert (fold.tensors, fold.numbers) == (7, 120)


async def test_enter_and_arrows_open_and_close_a_model() -> None:
    panel = TensorsPanel(TensorTable((X, *MODEL)))
    app = Host(panel)
    async with app.run_test(size=(80, 20)) as pilot:
        panel.focus()
        await pilot.press("down")
        assert "▸ net  6 tensors · 120 numbers · new gradient" in frame(app)
        assert "net.0.weight" not in frame(app)
        assert panel.current is None
        await pilot.press("enter")
        assert "▾ net" in frame(app)
        await pilot.press("down", "down")
        assert panel.current is MODEL[1]
        panel.table = TensorTable((X, *MODEL))
        await pilot.pause()
        assert panel.current is MODEL[1]
        await pilot.press("left")
        assert panel.current is None
        assert "net.0.bias" not in frame(app)
        await pilot.press("right")
        assert "net.0.bias" in frame(app)


async def test_g_asks_for_the_graph_of_the_tensor_under_the_cursor() -> None:
    panel = TensorsPanel(TensorTable((X, *MODEL)))

    class Listener(Host):
        def on_tensors_panel_graph_wanted(self, event: TensorsPanel.GraphWanted) -> None:
            self.heard.append(event.path)

    app = Listener(panel)
    async with app.run_test() as pilot:
        panel.focus()
        await pilot.press("g", "down", "g")
        await pilot.pause()
        assert app.heard == ["x"]
