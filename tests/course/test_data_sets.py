"""The course's data sets: what lessons rely on, and where each file comes from."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from tutor.course.catalogue import assets_root, default_pack
from tutor.course.index import open_pack

DATA = assets_root() / "data"


def test_the_course_reads_its_data_from_the_assets_that_ship() -> None:
    assert open_pack(default_pack()).assets == DATA.resolve()


def test_every_file_has_a_source_and_a_licence() -> None:
    told = (DATA / "LICENCES.md").read_text()
    files = {path.name for path in DATA.iterdir() if path.suffix not in {".py", ".md"}}
    files -= {"__pycache__"}
    assert files
    assert [name for name in files if f"| `{name}` |" not in told] == []


def test_digits_are_small_images_with_labels() -> None:
    with np.load(DATA / "digits.npz") as file:
        images, labels = file["images"], file["labels"]
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert images.max() == 16
    assert sorted(Counter(labels.tolist())) == list(range(10))


def test_tables_have_their_rows() -> None:
    rows = {name: _rows(DATA / name) for name in ("iris.csv", "wine.csv", "scores.csv")}
    assert Counter(row["species"] for row in rows["iris.csv"]) == {
        "setosa": 50,
        "versicolor": 50,
        "virginica": 50,
    }
    assert [len(rows[name]) for name in rows] == [150, 178, 60]
    assert any(not row["hours"].replace(".", "").isdigit() for row in rows["scores.csv"])


def test_the_reader_of_low_digits_opens_safely_and_says_what_it_expects() -> None:
    found = torch.load(DATA / "digits_low.pt", weights_only=True)
    assert found["classes"] == [0, 1, 2, 3, 4]
    assert found["scale"] == 16
    assert found["model"]["body.0.weight"].shape == (16, 1, 3, 3)
    assert found["model"]["head.weight"].shape == (5, 512)


def test_the_plays_are_plain_ascii() -> None:
    text = (DATA / "shakespeare.txt").read_text("ascii")
    assert text.startswith("ACT I.")
    assert len(text) == 199_987
    assert len(set(text)) == 62


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
