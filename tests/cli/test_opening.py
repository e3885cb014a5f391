"""What the app is opened with: which lesson, which limits, and what learner code never sees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tutor.commands.course import all_but, open_pack, session_settings
from tutor.commands.errors import CommandError
from tutor.commands.lint import split
from tutor.commands.open import find_lesson, known_theme, need_terminal
from tutor.commands.pace import at_pace
from tutor.course.catalogue import lessons_root
from tutor.course.model import Cell, Exercise, Pack
from tutor.paths import paths
from tutor.session.session import Session
from tutor.settings import Settings

EXAMPLE = lessons_root() / "example"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return open_pack(None)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", ""), ("tensors/create", "tensors/create"), ("create", "tensors/create")],
)
def test_a_lesson_is_found_by_id_or_its_last_part(pack: Pack, wanted: str, found: str) -> None:
    assert find_lesson(pack, wanted) == found


@pytest.mark.parametrize(
    ("wanted", "near"),
    [("tensors/creat", "tensors/create"), ("docter", "doctor"), ("qqq", "torch-tutor progress")],
)
def test_a_lesson_that_is_not_there(pack: Pack, wanted: str, near: str) -> None:
    with pytest.raises(CommandError) as error:
        find_lesson(pack, wanted)
    assert error.value.code == 2
    assert wanted in error.value.sentence
    assert near in error.value.advice


@pytest.mark.parametrize(
    ("stdin", "stdout", "term"),
    [(False, True, "xterm"), (True, False, "xterm"), (True, True, "dumb")],
)
def test_no_terminal_no_app(stdin: bool, stdout: bool, term: str) -> None:
    with pytest.raises(CommandError):
        need_terminal(stdin, stdout, term)
    need_terminal(True, True, "xterm-256color")


def test_an_unknown_theme_names_the_known() -> None:
    assert known_theme("nord", {"nord"}, Path("c.toml")) == "nord"
    with pytest.raises(CommandError, match=r"c\.toml"):
        known_theme("nort", {"nord"}, Path("c.toml"))


def test_time_limits_fit_the_machine(pack: Pack) -> None:
    slow = at_pace(pack, 2.0)
    pairs = [
        (before, after)
        for one, two in zip(pack.lessons(), slow.lessons(), strict=True)
        for (_, before), (_, after) in zip(one.blocks(), two.blocks(), strict=True)
        if isinstance(before, Cell | Exercise) and isinstance(after, Cell | Exercise)
    ]
    assert pairs
    assert all(after.timeout == 2 * before.timeout for before, after in pairs)
    assert at_pace(pack, 1.0) is pack


def test_assets_inside_a_hidden_folder_stay_readable(tmp_path: Path) -> None:
    kept = tmp_path / "a" / "assets"
    for folder in ("a/assets", "a/lessons", "b"):
        (tmp_path / folder).mkdir(parents=True)
    assert set(all_but(tmp_path, kept)) == {tmp_path / "a" / "lessons", tmp_path / "b"}
    assert all_but(tmp_path, None) == (tmp_path,)
    assert all_but(tmp_path / "b", kept) == (tmp_path / "b",)


def test_settings_reach_the_session(home: Path, pack: Pack) -> None:
    settings = Settings(device="cpu", threads=3, memory=1 << 30)
    made = session_settings(paths(), settings, pack)
    assert (made.device, made.threads, made.memory_bytes) == ("cpu", 3, 1 << 30)
    assert made.scratch.is_dir()
    assert made.scratch.is_relative_to(home)
    assert session_settings(paths(), settings, pack, "cuda").device == "cuda"


async def test_learner_code_sees_assets_but_no_lessons_and_no_progress(
    home: Path, tmp_path: Path
) -> None:
    """A pack of somebody else, with assets of its own, in the real sandbox."""
    from tests.conftest import run_cell

    root = tmp_path / "theirs"
    shutil.copytree(EXAMPLE, root)
    (root / "assets").mkdir()
    (root / "assets" / "data.txt").write_text("42")
    manifest = (root / "pack.toml").read_text()
    (root / "pack.toml").write_text(manifest.replace("format = 1", 'format = 1\nassets = "assets"'))
    where = paths()
    where.progress.parent.mkdir(parents=True)
    where.progress.write_text("secret")
    session = Session(session_settings(where, Settings(device="cpu"), open_pack(root)))
    await session.start()
    try:
        look = (
            "def look(path):\n"
            "    try: return open(path).read()[:6]\n"
            "    except OSError as error: return type(error).__name__\n"
            "[look(assets / 'data.txt'),\n"
            f" look({str(root / 'pack.toml')!r}), look({str(where.progress)!r}),\n"
            f" look({str(lessons_root() / 'pytorch' / 'pack.toml')!r})]"
        )
        snapshot = await run_cell(session, look)
        isolation = snapshot.isolation
        assert isolation is not None
        if isolation.tier == "process-only":
            pytest.skip("nothing hides files on this machine")
        value = snapshot.runs["cell"].value
        assert value.startswith("['42', ")
        assert "secret" not in value
        assert "id = " not in value
    finally:
        await session.close()


def test_lint_tells_paths_from_lesson_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack").mkdir()
    words = ["pack", "tensors/*", "./gone", "gone.md", "tensors/create", str(tmp_path / "x")]
    found, lessons = split(words)
    assert found == [Path("pack"), Path("gone"), Path("gone.md"), tmp_path / "x"]
    assert lessons == ["tensors/*", "tensors/create"]


def test_lint_looks_a_course_over(tutor: Run) -> None:
    done = tutor("lint", "--seeds", "0", str(EXAMPLE))
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_fails_a_course_with_errors(tutor: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text('id = "x"\n')
    assert tutor("lint", "--seeds", "0", str(tmp_path)).returncode == 1
    assert tutor("lint", "--seeds", "0", "no/such-lesson").returncode == 2
