"""A cell whose package is not installed: said so, its output shown, and it stands in no way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import Open
from tests.ui.scripted import ScriptedSession
from tutor.course.index import open_pack
from tutor.course.model import Cell, Pack, Place
from tutor.course.optional import COMPILER, lacking, where_from
from tutor.course.replay import above
from tutor.progress.store import ProgressStore

ROOT = Path(__file__).parents[2]
FIRST = "first/rows"


@pytest.fixture
def wanting(tmp_path: Path) -> Pack:
    """The example, whose cell wants a package that nobody has."""
    folder = tmp_path / "wanting"
    (folder / "first").mkdir(parents=True)
    example = ROOT / "lessons" / "example"
    (folder / "pack.toml").write_text((example / "pack.toml").read_text())
    text = (example / "first" / "rows.md").read_text()
    changed = text.replace("cell id=prices", "cell id=prices requires=no_such_package")
    assert changed != text
    (folder / "first" / "rows.md").write_text(changed)
    return open_pack(folder)


def cell(*requires: str) -> Cell:
    return Cell("c", "1", Place(Path("x.md"), 1), requires=requires)


def test_what_is_lacking_is_found_without_importing() -> None:
    assert lacking(cell("torch", "no_such_package")) == ("no_such_package",)
    assert "pip install no_such_package" in where_from(("no_such_package",))


def test_a_compiler_is_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert lacking(cell(COMPILER)) == (COMPILER,)
    assert "C++ compiler" in where_from((COMPILER,))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert lacking(cell(COMPILER)) == ()


async def test_the_reference_output_stands_in(
    open_app: Open, scripted: ScriptedSession, store: ProgressStore, wanting: Pack
) -> None:
    async with open_app(scripted, FIRST, course=wanting) as driver:
        await driver.press("f5")
        await driver.shows(
            "Not run: no_such_package is not here", "this cell shows:", "tensor([5., 7., 9.])"
        )
        assert scripted.snapshot.runs == {}
        assert store.lesson(FIRST).of("prices").state == "done"


async def test_a_text_of_the_learners_own_runs(
    open_app: Open, scripted: ScriptedSession, wanting: Pack
) -> None:
    async with open_app(scripted, FIRST, course=wanting) as driver:
        await driver.press("enter")
        await driver.type("# mine")
        await driver.press("f5")
        await driver.until(lambda: "prices" in scripted.snapshot.runs)


def test_it_is_left_out_when_everything_above_runs(wanting: Pack) -> None:
    assert above(wanting.lesson(FIRST), "", lambda block: True)[:1] != ("prices",)
    assert "prices" not in {b.id for b in above(wanting.lesson(FIRST), "", lambda block: True)}
