"""A folder becomes a Pack, or one list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course import catalogue
from tutor.course.catalogue import assets_root, default_pack, find_packs, lessons_root
from tutor.course.errors import CourseError
from tutor.course.pack import load_pack, read_pack

Change = Callable[[str], str]


def problems(root: Path) -> str:
    with pytest.raises(CourseError) as caught:
        load_pack(root)
    return str(caught.value)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_sound_pack(pack: Path) -> None:
    loaded = load_pack(pack)
    assert [lesson.id for lesson in loaded.lessons()] == ["unit/one", "unit/two"]
    assert loaded.units[0].minutes == 10
    assert loaded.lesson("unit/two").tasks == ("double",)
    assert (loaded.assets, loaded.trusted) == (None, False)


CASES = {
    "unknown key": ("licence =", 'licenze = ""\nlicence =', "pack.toml:5: unknown key `licenze`"),
    "unknown unit key": ('title = "A unit"', 'titel = "A unit"', "did you mean `title`?"),
    "missing key": ('version = "1"\n', "", "`version` is missing"),
    "no toml": ("format = 1", "format = ", "pack.toml:3: this is not TOML"),
    "no format": ("format = 1\n", "", "expected `format = 1`"),
    "newer format": ("format = 1", "format = 2", "it needs a newer torch-tutor"),
    "bad id": ('id = "small"', 'id = "Small Pack"', "pack.toml:1: the id `Small Pack`"),
    "missing lesson": ('"unit/two"', '"unit/two", "unit/gone"', "there is no file unit/gone.md"),
    "listed twice": ('"unit/two"', '"unit/two", "unit/one"', "`unit/one` is listed twice"),
    "outside": ('"unit/two"', '"unit/two", "../x"', "'../x' is no lesson id"),
    "no assets": ("format = 1", 'format = 1\nassets = "data"', "there is no folder 'data'"),
    "assets outside": ("format = 1", 'format = 1\nassets = ".."', "lies outside the pack"),
    "assets is all": ("format = 1", 'format = 1\nassets = "."', "lies outside the pack"),
    "no lessons": ('lessons = ["unit/one", "unit/two"]', "", "lacks `lessons = "),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_pack_toml_is_named(pack: Path, old: str, new: str, expected: str) -> None:
    edit(pack / "pack.toml", old, new)
    assert expected in problems(pack)


def test_a_draft_beside_the_lessons_is_a_warning_and_the_course_opens(pack: Path) -> None:
    edit(pack / "pack.toml", '"unit/one", ', "")
    _, problems = read_pack(pack)
    assert [(p.level, p.place.file.name) for p in problems] == [("warning", "one.md")]
    assert "not listed" in problems[0].text
    assert "unit/one" not in {lesson.id for lesson in load_pack(pack).lessons()}


def test_two_units_of_one_name(pack: Path) -> None:
    with (pack / "pack.toml").open("a") as file:
        file.write('\n[[units]]\nid = "unit"\ntitle = "B"\nlessons = ["unit/three"]\n')
    assert "two units have the id `unit`" in problems(pack)


def test_no_pack_toml(tmp_path: Path) -> None:
    assert "a pack needs this file" in problems(tmp_path)


def requires(pack: Path, name: str, *ids: str) -> None:
    listed = ", ".join(f'"{i}"' for i in ids)
    edit(pack / "unit" / f"{name}.md", "topics:", f"requires: [{listed}]\ntopics:")


def test_prerequisites_must_exist(pack: Path) -> None:
    requires(pack, "two", "unit/ona")
    assert "requires `unit/ona`, which the pack lacks; did you mean `unit/one`?" in problems(pack)


def test_prerequisites_must_come_before(pack: Path) -> None:
    requires(pack, "one", "unit/two")
    assert "requires `unit/two`, which comes later" in problems(pack)


def test_prerequisites_must_not_form_a_circle(pack: Path) -> None:
    requires(pack, "one", "unit/two")
    requires(pack, "two", "unit/one")
    found = problems(pack).split("\n")
    assert len(found) == 1
    assert "prerequisites form a circle: unit/one → unit/two → unit/one" in found[0]


def test_a_lesson_that_requires_itself(pack: Path) -> None:
    requires(pack, "one", "unit/one")
    assert "form a circle: unit/one → unit/one" in problems(pack)


def test_a_broken_lesson_is_not_called_a_missing_prerequisite(pack: Path) -> None:
    requires(pack, "two", "unit/one")
    edit(pack / "unit" / "one.md", "# One lesson", "One lesson")
    found = problems(pack).split("\n")
    assert len(found) == 1
    assert "lacks its title" in found[0]


def test_all_problems_of_all_files_come_together(pack: Path) -> None:
    edit(pack / "unit" / "one.md", "minutes: 5\n", "")
    edit(pack / "unit" / "two.md", "python check", "python chek")
    edit(pack / "pack.toml", 'licence = "CC-BY-4.0"', "")
    found = problems(pack)
    for part in ("one.md:1:", "two.md:23:", "`licence` is missing"):
        assert part in found


def test_assets_of_a_pack_are_a_folder_in_it(pack: Path) -> None:
    (pack / "data").mkdir()
    edit(pack / "pack.toml", "format = 1", 'format = 1\nassets = "data"')
    assert load_pack(pack).assets == (pack / "data").resolve()


def test_the_packs_that_came_along_are_found_and_trusted(pack: Path) -> None:
    found = find_packs((pack, pack.parent))
    assert lessons_root() / "example" in found
    assert found.count(pack.resolve()) == 1
    example = load_pack(lessons_root() / "example")
    assert example.trusted


def test_an_installed_package_carries_its_lessons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a wheel lessons and assets lie inside the package, and those beside it are not ours."""
    for folder in ("tutor/lessons/pytorch", "tutor/assets", "lessons/stranger"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tutor/lessons/pytorch/pack.toml").touch()
    monkeypatch.setattr(catalogue.resources, "files", lambda name: tmp_path / name)
    catalogue._shipped.cache_clear()
    try:
        assert default_pack() == tmp_path / "tutor/lessons/pytorch"
        assert assets_root() == tmp_path / "tutor/assets"
        (tmp_path / "tutor/lessons/pytorch/pack.toml").unlink()
        with pytest.raises(FileNotFoundError, match="Install torch-tutor again"):
            default_pack()
    finally:
        catalogue._shipped.cache_clear()
