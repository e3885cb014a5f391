"""`--changed` leaves out what was proved clean and is the same, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tutor.course.errors import LessonError
from tutor.course.model import Place
from tutor.course.pack import load_pack
from tutor.lint import changed
from tutor.lint.bench import Proof
from tutor.lint.changed import Clean
from tutor.lint.command import run_lint

SEEDS = 20


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "lint.json"


def keep(place: Path, root: Path, proof: Proof, seeds: int = SEEDS) -> None:
    pack = load_pack(root)
    for lesson in pack.lessons():
        Clean(place).keep(pack, lesson, seeds, proof)


def known(place: Path, root: Path, seeds: int = SEEDS) -> list[bool]:
    pack = load_pack(root)
    clean = Clean(place)
    return [clean.proof(pack, lesson, seeds) is not None for lesson in pack.lessons()]


def finding(root: Path, level: str) -> LessonError:
    return LessonError(Place(root / "first/rows.md", 3), "said", level)  # type: ignore[arg-type]


def test_what_was_proved_clean_is_known_with_its_notes(place: Path, copy: Path) -> None:
    assert known(place, copy) == [False, False]
    proof = Proof([finding(copy, "note")], cells=2, attempts=50, mutants=12, survivors=1)
    keep(place, copy, proof)
    pack = load_pack(copy)
    (first, _) = pack.lessons()
    assert Clean(place).proof(pack, first, SEEDS) == proof


@pytest.mark.parametrize("level", ["error", "warning"])
def test_what_was_not_clean_is_proved_again(place: Path, copy: Path, level: str) -> None:
    keep(place, copy, Proof())
    keep(place, copy, Proof([finding(copy, level)]))
    assert known(place, copy) == [False, False]


def test_only_the_lesson_that_changed_is_proved_again(place: Path, copy: Path) -> None:
    keep(place, copy, Proof())
    path = copy / "first/rows.md"
    path.write_text(path.read_text().replace("rows first", "rows at first"))
    assert known(place, copy) == [False, True]


def test_all_lessons_depend_on_manifest_and_data(place: Path, copy: Path) -> None:
    manifest = copy / "pack.toml"
    data = copy / "data" / "x.csv"
    data.parent.mkdir()
    data.write_text("1")
    manifest.write_text(
        manifest.read_text().replace("[[units]]", 'assets = "data"\n\n[[units]]', 1)
    )
    keep(place, copy, Proof())
    assert known(place, copy) == [True, True]
    data.write_text("2")
    assert known(place, copy) == [False, False]
    keep(place, copy, Proof())
    manifest.write_text(manifest.read_text().replace("0.1.0", "0.2.0"))
    assert known(place, copy) == [False, False]


def test_more_seeds_than_were_tried_are_tried(place: Path, copy: Path) -> None:
    keep(place, copy, Proof(), seeds=3)
    assert known(place, copy, 3) == known(place, copy, 1) == [True, True]
    assert known(place, copy, 20) == [False, False]


def test_another_version_of_the_program_proves_again(
    place: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(place, copy, Proof())
    monkeypatch.setattr(changed, "program", lambda: "another")
    assert known(place, copy) == [False, False]


def test_the_grader_is_part_of_the_program_and_the_screen_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("grader", "ui"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "x.py").write_text("1")
    monkeypatch.setattr(changed, "_ROOT", tmp_path)

    def now() -> str:
        changed.program.cache_clear()
        return changed.program()

    before = now()
    (tmp_path / "ui" / "x.py").write_text("2")
    assert now() == before
    (tmp_path / "grader" / "x.py").write_text("2")
    assert now() != before
    changed.program.cache_clear()


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"x": 1}', None])
def test_a_damaged_file_costs_time_only(place: Path, copy: Path, content: str | None) -> None:
    keep(place, copy, Proof())
    text = place.read_text()
    place.write_text(text.replace('"seeds": 20', '"seeds": "x"') if content is None else content)
    assert known(place, copy) == [False, False]
    keep(place, copy, Proof())
    assert known(place, copy) == [True, True]


async def test_the_command_proves_what_changed_and_says_what_it_left_out(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_TUTOR_HOME", str(tmp_path / "home"))

    async def lint() -> str:
        await asyncio.to_thread(run_lint, [copy], seeds=1, workers=1, changed=True)
        return capsys.readouterr().out

    assert "2 lessons, 2 cells run" in await lint()
    path = copy / "first/rows.md"
    path.write_text(path.read_text().replace("rows first", "rows at first"))
    out = await lint()
    assert "1 lesson, 1 cell run" in out
    assert out.rstrip().endswith("; 1 unchanged since proved clean")
    assert (await lint()).startswith("Nothing to complain of · 0 lessons")
