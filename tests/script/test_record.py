"""A saved run comes back as it was, and a file that is broken or newer is refused."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.script.conftest import RunSample
from tutor.script.record import VERSION, Record, RecordError, decoded, encoded, load, save
from tutor.session.observed_training import Training, with_tick
from tutor.session.snapshot import CellRun, Snapshot
from tutor.wire.observed.training import LossPoints, TrainingTick


def record_of(snapshot: Snapshot, block: str = "a.py") -> Record:
    return Record("/x/a.py", block, ("--lr", "1"), "2026-01-01T00:00:00", "0.1.0", snapshot)


async def test_every_panel_comes_back_as_it_was(run_sample: RunSample, tmp_path: Path) -> None:
    snapshot, run = await run_sample("gan_two_optimizers.py")
    save(tmp_path / "run.ttrun", record_of(snapshot, run.block))
    back = load(tmp_path / "run.ttrun")
    assert (back.script, back.arguments) == ("/x/a.py", ("--lr", "1"))
    found = back.snapshot
    for name in ("graph", "model", "memory", "lines", "ranks"):
        assert getattr(found.observed, name) == getattr(snapshot.observed, name), name
    assert found.runs[run.block] == run
    assert found.tensors == snapshot.tensors
    assert found.machine == snapshot.machine
    for one, other in zip(
        found.observed.training.curves, snapshot.observed.training.curves, strict=True
    ):
        assert (one.name, list(one.series)) == (other.name, list(other.series))
    for one, other in zip(
        found.observed.gradients.groups, snapshot.observed.gradients.groups, strict=True
    ):
        assert [(row.name, row.word, list(row.history)) for row in one.rows] == [
            (row.name, row.word, list(row.history)) for row in other.rows
        ]


def test_long_curves_keep_their_extremes_and_holes() -> None:
    training = Training()
    for first in range(0, 100_000, 1000):
        at = tuple(range(first + 1, first + 1001))
        values = tuple(None if x == 50_000 else (99.0 if x == 77_777 else 1.0) for x in at)
        points = LossPoints("loss", 1, at, values)
        tick = TrainingTick(1, "a.py", 1.0, 0, at[-1], losses=(points,))
        training = with_tick(training, tick)
    snapshot = Snapshot()
    snapshot = replace(snapshot, observed=replace(snapshot.observed, training=training))
    data = encoded(record_of(snapshot))
    assert len(data) < 200_000
    series = decoded(data, "x").snapshot.observed.training.curves[0].series
    assert series.extremes(0, len(series)) == (1.0, 99.0)


def test_newer_broken_and_foreign_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    run = CellRun("a.py", "done", "print(1)\n", 1)
    data = encoded(record_of(replace(Snapshot(), runs={"a.py": run})))
    assert decoded(data, "x").snapshot.runs["a.py"].source == "print(1)\n"
    newer = data.replace(f"record {VERSION}\n".encode(), b"record 9\n", 1)
    with pytest.raises(RecordError, match="newer torch-tutor"):
        decoded(newer, "x")
    for foreign in (b"", b"hello", b"\x80\x04K", b"torch-tutor record one\n"):
        with pytest.raises(RecordError, match="no record of a run"):
            decoded(foreign, "x")
    for cut in range(40, len(data), 97):
        with pytest.raises(RecordError, match="broken"):
            decoded(data[:cut], "x")
    with pytest.raises(RecordError, match="could not be read"):
        load(tmp_path / "missing")


async def test_a_record_with_any_byte_changed_is_shown_or_refused(run_sample: RunSample) -> None:
    snapshot, run = await run_sample("plain_loop.py")
    data = encoded(record_of(snapshot, run.block))
    for place in range(20, len(data), max(1, len(data) // 400)):
        changed = bytearray(data)
        changed[place] ^= 0x55
        with contextlib.suppress(RecordError):
            assert isinstance(decoded(bytes(changed), "x"), Record)
