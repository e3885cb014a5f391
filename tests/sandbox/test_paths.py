"""Which paths become readable: Python and torch yes, hidden folders never."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tutor
from tutor.sandbox.paths import named_by_links, outermost, python_paths, without
from tutor.session import temporary


def tree(folder: Path, *files: str) -> None:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def test_a_hidden_folder_leaves_its_neighbours_readable(tmp_path: Path) -> None:
    tree(tmp_path, "site/torch/a.py", "site/tutor/text.py", "site/tutor/lessons/one.md")
    site, hidden = str(tmp_path / "site"), str(tmp_path / "site/tutor/lessons")
    readable, list_only = without([site, "/usr"], [hidden])
    assert readable == (*sorted(["/usr", f"{site}/torch", f"{site}/tutor/text.py"]),)
    assert list_only == (site, f"{site}/tutor")


def test_what_lies_in_a_hidden_folder_is_not_readable_either(tmp_path: Path) -> None:
    assert without([f"{tmp_path}/a/b"], [f"{tmp_path}/a"]) == ((), ())
    assert without([f"{tmp_path}/a"], [f"{tmp_path}/a"]) == ((), ())


def test_a_name_that_only_begins_alike_stays(tmp_path: Path) -> None:
    assert without(["/a/lessons2"], ["/a/lessons"]) == (("/a/lessons2",), ())


def test_outermost_drops_what_is_inside() -> None:
    assert outermost(["/usr/lib", "/usr", "/usr2", "/usr"]) == ("/usr", "/usr2")


def test_a_name_through_a_link_keeps_both(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    link, real = str(tmp_path / "link"), str((tmp_path / "real").resolve())
    assert named_by_links([link, str(tmp_path / "absent")]) == ((real,), ((link, real),))


def test_python_and_this_package_are_readable_their_surroundings_not() -> None:
    paths = python_paths()

    def readable(path: str | Path) -> bool:
        return any(Path(path).resolve().is_relative_to(each) for each in paths)

    assert readable(sys.executable)
    assert readable(tutor.__path__[0])
    assert not readable(Path.home())
    assert not readable(Path(__file__))


def test_the_home_folder_is_never_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(Path.home()))
    monkeypatch.setattr(sys, "path", ["", str(Path.home()), *sys.path])
    assert str(Path.home()) not in python_paths()


def test_a_trap_in_place_of_the_temporary_folder_leads_nowhere(tmp_path: Path) -> None:
    scratch, photos = tmp_path / "scratch", tmp_path / "photos"
    tree(photos, "7/precious")
    scratch.mkdir()
    (scratch / ".tmp").symlink_to(photos)
    temporary.remove(str(scratch), "7")
    assert (photos / "7/precious").exists()
    folder = temporary.make(str(scratch), "7")
    assert Path(folder).resolve() == scratch / ".tmp/7"
    tree(Path(folder), "a/file")
    (Path(folder) / "link").symlink_to(photos)
    temporary.remove(str(scratch), "7")
    assert not Path(folder).exists()
    assert (photos / "7/precious").exists()


def test_what_an_earlier_session_left_is_cleared_and_files_make_way(tmp_path: Path) -> None:
    tree(tmp_path, ".tmp/3/old", "kept")
    (tmp_path / ".cache").write_text("not a folder")
    temporary.prepare(str(tmp_path), ".cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", ".tmp", "kept"]
    assert not list((tmp_path / ".tmp").iterdir())
    assert (tmp_path / ".cache").is_dir()
