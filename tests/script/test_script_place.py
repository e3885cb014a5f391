"""What a script sees and where it starts, decided without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.script.place import MOST_FILES, Place, PlaceError, place_of
from tutor.script.scratch import scratch_folder
from tutor.script.settings import script_settings
from tutor.script.source import read_source
from tutor.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a project in it."""
    (tmp_path / "home" / "project" / "scripts").mkdir(parents=True)
    (tmp_path / "home" / "project" / "scripts" / "train.py").write_text("pass\n")
    return tmp_path / "home"


def placed(path: str, home: Path, cwd: str = "", **more: object) -> Place:
    return place_of(Path(path), (), cwd=home / cwd, home=home, **more)  # type: ignore[arg-type]


def test_its_own_folder_is_readable_and_it_starts_where_the_learner_is(home: Path) -> None:
    found = placed("train.py", home, "project/scripts")
    folder = home / "project" / "scripts"
    assert found.readable == (folder,)
    assert found.script.cwd == str(folder)
    assert (found.writable, found.notes) == ((), ())


def test_the_project_around_it_is_readable_from_there(home: Path) -> None:
    found = placed("scripts/train.py", home, "project")
    assert home / "project" in found.readable
    assert found.script.cwd == str(home / "project")


def test_from_elsewhere_it_starts_in_its_own_folder_and_says_so(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    path = home / "project" / "scripts" / "train.py"
    found = place_of(path, (), cwd=other, home=home)
    assert found.script.cwd == str(path.parent)
    assert "starts in its own folder" in found.notes[0]
    allowed = place_of(path, (), cwd=other, home=home, allowed=(Path(),))
    assert allowed.script.cwd == str(other)
    assert allowed.notes == ()


def test_a_home_folder_is_never_opened_whole(home: Path) -> None:
    for name in ("try.py", "data.csv", ".secret"):
        (home / name).write_text("")
    found = placed("try.py", home)
    assert set(found.readable) == {home / "try.py", home / "data.csv"}
    assert found.listed == (home,)
    assert "only the files beside the script" in found.notes[0]
    from_home = placed("project/scripts/train.py", home)
    assert from_home.readable == (home / "project" / "scripts",)
    for number in range(MOST_FILES + 5):
        (home / f"many{number}.txt").touch()
    assert len(placed("try.py", home).readable) == MOST_FILES


def test_what_is_allowed_must_be_there_and_must_not_hold_what_is_private(home: Path) -> None:
    private = home / ".local" / "progress"
    private.mkdir(parents=True)
    with pytest.raises(PlaceError, match="no such file or folder"):
        placed("train.py", home, "project/scripts", allowed=(Path("missing"),))
    for wanted in (home, private, private / "..", private.parent):
        with pytest.raises(PlaceError, match="progress"):
            placed("train.py", home, "project/scripts", allowed=(wanted,), private=(private,))


def test_a_missing_script_and_a_folder_are_named(home: Path) -> None:
    with pytest.raises(PlaceError, match=r"there is no file nothing\.py"):
        placed("nothing.py", home)
    with pytest.raises(PlaceError, match="is a folder"):
        placed("project", home)


def test_a_link_is_followed_as_python_does(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(home / "project" / "scripts" / "train.py")
    found = place_of(link, (), cwd=home / "project" / "scripts", home=home)
    assert found.script.path == str(home / "project" / "scripts" / "train.py")


def test_the_environment_stays_outside_unless_there_is_no_sandbox(home: Path) -> None:
    where = placed("train.py", home, "project/scripts")
    outside = {"API_KEY": "x", "PYTORCH_NO_CUDA": "1", "OMP_NUM_THREADS": "9", "HOME": "/me"}

    def settings(*, sandbox: bool = True) -> dict[str, str]:
        found = script_settings(where, home, Settings(), outside=outside, sandbox=sandbox)
        return found.environment

    assert settings() == {"PYTORCH_NO_CUDA": "1"}
    assert settings(sandbox=False) == {"API_KEY": "x", "PYTORCH_NO_CUDA": "1", "HOME": "/me"}
    assert script_settings(where, home, Settings(), sandbox=False).tier == "process-only"


def test_each_run_at_the_same_time_has_a_scratch_folder_of_its_own(tmp_path: Path) -> None:
    first = scratch_folder(tmp_path / "scratch")
    second = scratch_folder(tmp_path / "scratch")
    assert (first.name, second.name) == ("scratch", "scratch-2")
    assert first.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        ("# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"), None),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
    ],
)
def test_a_source_is_read_as_python_reads_it(tmp_path: Path, data: bytes, text: str | None) -> None:
    path = tmp_path / "script.py"
    path.write_bytes(data)
    source = read_source(path)
    assert source == text or "'ä'" in source
    compile(source, "script.py", "exec")


@pytest.mark.parametrize("data", [b"\0\0", b"x = '\xff'\n", b"# coding: nothing\n", b"x" * 500_000])
def test_what_is_no_program_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "script.py"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"script\.py"):
        read_source(path)
