"""Every sample runs through the sandbox, and each panel tells its story truly."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.script.conftest import SAMPLES, RunSample, printed


@dataclass(frozen=True)
class Story:
    """losses: name → values seen. optimizers: name → parameters, all healthy. models: name, class,
    parameters, shape in and out. graph: what the last backward began at, operations, leaves."""

    losses: dict[str, int]
    steps: int
    optimizers: dict[str, int]
    models: tuple[tuple[str, str, int, str, str], ...]
    graph: tuple[str, int, int]
    last_line: str = ""
    names: tuple[str, ...] = ()
    clipped: float | None = None


STORIES = {
    "plain_loop.py": Story(
        {"loss": 200},
        200,
        {"optimizer": 4},
        (("model", "Sequential", 97, "256×1", "256×1"),),
        ("loss", 6, 4),
        "final loss",
        ("x", "y", "model.0.weight", "loss"),
    ),
    "dataloader_epochs.py": Story(
        {"loss": 80},
        80,
        {"optimizer": 4},
        (("model", "Classifier", 820, "32×12", "32×4"),),
        ("loss", 8, 4),
        "epoch 4: val_loss",
    ),
    "gan_two_optimizers.py": Story(
        {"d_loss": 120, "g_loss": 120},
        240,
        {"opt_d": 4, "opt_g": 4},
        (
            ("generator", "Sequential", 354, "64×8", "64×2"),
            ("discriminator", "Sequential", 129, "64×2", "64×1"),
        ),
        ("g_loss", 11, 8),
        "mean radius",
        ("generator.0.weight", "fake", "d_loss"),
    ),
    "accumulate_and_clip.py": Story(
        {"loss / ACCUMULATE": 160},
        40,
        {"opt": 6},
        (("net", "Regressor", 337, "8×10", "8"),),
        ("div", 9, 6),
        "batch 160",
        clipped=0.5,
    ),
    "lbfgs_closure.py": Story(
        {"loss": -1},
        6,
        {"optimizer": 2},
        (),
        ("loss", 7, 2),
        "weights [",
        ("weights", "bias", "features"),
    ),
    "amp_bfloat16.py": Story(
        {"loss": 32},
        32,
        {"optimizer": 6},
        (("model", "Digits", 1828, "32×1×12×12", "32×4 bf16"),),
        ("loss", 18, 6),
        "epoch 3: loss",
        ("images", "model.classify.weight"),
    ),
    "compiled_step.py": Story(
        {"loss": 40},
        40,
        {"optimizer": 4},
        (),
        ("loss", 1, 4),
        "done:",
        ("inputs", "targets"),
    ),
    "lstm_echo.py": Story(
        {"error": 60},
        60,
        {"opt": 6},
        (("net", "Echo", 1233, "32×12×1", "32×12×1"),),
        ("error", 10, 6),
        "step 60",
    ),
    "transformer_sort.py": Story(
        {"loss": 50},
        50,
        {"self.optimizer": 28},
        (("", "Sorter", 17898, "64×5 i64", "64×5×10"),),
        ("loss", 97, 28),
        " 40 ",
    ),
    "loader_workers.py": Story(
        {"loss": 12},
        12,
        {"optimizer": 4},
        (("model", "Sequential", 147, "32×32", "32×3"),),
        ("loss", 10, 4),
        "epoch 1:",
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_each_panel_tells_what_the_script_did(run_sample: RunSample, name: str) -> None:
    story = STORIES[name]
    snapshot, run = await run_sample(name)
    assert (run.state, run.exit_code, run.problem) == ("done", 0, None)
    assert printed(run)[-1].startswith(story.last_line)
    assert run.mistakes == ()
    assert not snapshot.lost

    training = snapshot.observed.training
    assert training.run == run.run
    values = {curve.name: len(curve.series) for curve in training.curves}
    if name == "lbfgs_closure.py":  # how often is for the line search to decide
        assert f"the closure was called {values['loss']} times" in printed(run)
        values["loss"] = -1
    assert values == story.losses
    assert training.steps == story.steps
    assert {rate.name for rate in training.rates} == set(story.optimizers)
    for curve in training.curves:
        first, last = curve.series[0][1], curve.series.last
        assert last is not None
        assert last < first or name == "gan_two_optimizers.py" or "loss /" in curve.name

    groups = {group.optimizer: group for group in snapshot.observed.gradients.groups}
    assert snapshot.observed.gradients.run == run.run
    assert {name: len(group.rows) for name, group in groups.items()} == story.optimizers
    words = {row.word for group in groups.values() for row in group.rows}
    assert words == {"healthy"}
    limits = {group.limit for group in groups.values()}
    assert limits == {story.clipped}

    view = snapshot.observed.model
    if view.run == run.run:
        models = tuple(
            (model.name, model.kind, model.parameters, model.rows[0].inputs, model.rows[0].outputs)
            for model in view.models
        )
        assert models == story.models
    else:
        assert story.models == ()

    graph = snapshot.observed.graph.graph
    assert graph is not None
    assert graph.run == run.run
    assert (graph.root, graph.operations, graph.leaves) == story.graph

    measured = snapshot.observed.memory.measured
    assert measured is not None
    assert measured.run == run.run
    assert measured.peak > measured.idle > 0

    assert {row.path for row in snapshot.tensors.rows} >= set(story.names)
    lines = snapshot.observed.lines.of(name, run.run)
    assert lines is not None
    shown = {value.name for value in lines.values}
    assert shown & {"loss", "error", "d_loss", "logits", "bits"}


def test_every_training_script_has_a_story() -> None:
    lessons = {"classifier.py", "cnn_without_flatten.py", "ddp_two_ranks.py"}
    assert {path.name for path in SAMPLES.glob("*.py")} == lessons | {*STORIES, "ddp_spawn.py"}
    assert len(STORIES) >= 10


async def test_spawned_ranks_find_the_functions_of_the_script(run_sample: RunSample) -> None:
    snapshot, run = await run_sample("ddp_spawn.py")
    assert (run.state, run.exit_code) == ("done", 0)
    assert "both done, mean loss" in printed(run)[-1]
    view = snapshot.observed.ranks
    assert view.run == run.run
    assert [(row.state, row.step) for row in view.rows] == [("done", 12), ("done", 12)]
    assert all(dict(row.counts)["all_reduce"] == 12 for row in view.rows if row.counts)
    assert view.over
    assert not view.verdict
    losses = [float(row.loss) for row in view.rows]
    told = sorted(line for line in printed(run) if line.startswith("[rank "))
    assert told == [f"[rank {rank}] rank {rank}: loss {losses[rank]:.4f}" for rank in (0, 1)]


async def test_arguments_reach_the_script_and_panels_follow(run_sample: RunSample) -> None:
    snapshot, run = await run_sample("dataloader_epochs.py", "--epochs", "2", "--width", "16")
    assert printed(run)[-1].startswith("epoch 1:")
    assert len(snapshot.observed.training.curves[0].series) == 32
    assert snapshot.observed.model.models[0].parameters == 13 * 16 + 17 * 4


async def test_options_of_argparse_end_the_script_as_in_python(run_sample: RunSample) -> None:
    _, run = await run_sample("dataloader_epochs.py", "--epoch", "x")
    assert run.exit_code == 2
    assert any("invalid int value" in line for line in printed(run))
    _, run = await run_sample("dataloader_epochs.py", "--help")
    assert (run.state, run.exit_code) == ("done", 0)
