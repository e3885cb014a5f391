"""`torch-tutor lint` as its user sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tutor.lint.choosing import choose
from tutor.lint.command import run_lint
from tutor.session.api import SessionError, SessionSettings
from tutor.session.session import Session

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "lessons" / "example"
LESSON = EXAMPLE / "first" / "rows.md"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


async def test_the_example_of_the_guide_is_proved_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """The very lesson that lessons/README.md prints, through static rules and the real sandbox."""
    code = await asyncio.to_thread(run_lint, [EXAMPLE], seeds=2)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert printed.startswith("Nothing to complain of · 1 lesson, 1 cell run, 12 attempts checked")


async def test_flaws_of_several_lessons_proved_at_once_are_all_found(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(copy / "first/rows.md", "tensor([5., 7., 9.])", "tensor([5., 7., 8.])")
    edit(copy / "first/more.md", "return x.sum()", "return x.sum(dim=-1)")
    code = await asyncio.to_thread(run_lint, [copy], seeds=1, workers=2)
    printed = capsys.readouterr().out
    assert code == 1
    assert f"{copy}/first/rows.md:24: ✗ error: `prices`: the output differs" in printed
    assert f"{copy}/first/more.md:91: ✗ error: this wrong answer to `row-sums` passes" in printed
    assert "2 errors · 2 lessons" in printed


def test_without_seeds_nothing_is_run(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy / "first/rows.md", "tensor([5., 7., 9.])", "tensor([5., 7., 8.])")
    assert run_lint([copy], seeds=0) == 0
    assert capsys.readouterr().out.startswith("Nothing to complain of · 2 lessons")


def test_a_lesson_that_does_not_parse_is_reported_beside_the_others(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(copy / "first/rows.md", "python cell", "python cel")
    edit(copy / "first/more.md", "# Adding up rows", "# Adding")
    assert run_lint([copy], seeds=0) == 1
    printed = capsys.readouterr().out
    assert "rows.md:17: ✗ error: unknown directive `cel`; did you mean `cell`?" in printed
    assert "more.md:10: ✗ error: the heading is “Adding”" in printed
    assert "2 errors · 1 lesson" in printed, "the output of that cell is not blamed, too"


def test_paths_and_patterns_choose(copy: Path) -> None:
    def ids(paths: list[Path], *only: str) -> list[str]:
        return [task.lesson.id for task in choose(paths, only).tasks]

    both = ["first/rows", "first/more"]
    assert ids([copy]) == ids([copy.parent]) == ids([copy / "pack.toml"]) == both
    assert ids([copy / "first/more.md"]) == ["first/more"]
    assert ids([copy / "first/more.md", copy / "first/rows.md"]) == both
    assert ids([copy / "first/more.md", copy]) == both
    assert ids([copy, copy / "first/more.md"]) == both
    assert ids([copy], "*/rows") == ["first/rows"]
    assert ids([copy], "first/*", "other/*") == both
    assert "first/rows" in ids([])


def test_problems_of_lessons_that_nobody_asked_for_are_left_out(copy: Path) -> None:
    edit(copy / "first/rows.md", "python cell", "python cel")
    assert choose([copy / "first/more.md"]).findings == ()
    assert choose([copy], ["*/more"]).findings == ()
    assert len(choose([copy / "first/rows.md"]).findings) > 0


def test_nothing_to_lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_lint([EXAMPLE], only=["nothing/*"]) == 2
    assert "No lesson was found for" in capsys.readouterr().err
    assert run_lint([tmp_path / "gone"], seeds=0) == 1
    assert "there is no such file or folder" in capsys.readouterr().out
    assert run_lint([tmp_path], seeds=0) == 1
    assert "a pack needs this file" in capsys.readouterr().out


def test_without_a_worker_the_reason_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    def no_worker(settings: SessionSettings) -> Session:
        raise SessionError("The worker could not be started.", "Run `torch-tutor doctor`.")

    assert run_lint([EXAMPLE], seeds=1, make_session=no_worker) == 2
    assert "The lessons were not run: The worker could not be started." in capsys.readouterr().err
