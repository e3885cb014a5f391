"""Courses of other people: opened, asked about or refused, and why."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tutor.commands.errors import CommandError
from tutor.commands.findings import third_party_finding
from tutor.commands.trust import Ask, Decision, decide, require
from tutor.course.catalogue import lessons_root
from tutor.session.snapshot import Isolation
from tutor.settings import ThirdParty

STRONG = Isolation("strong", "All is sealed.")
GOOD = Isolation("good", "Nearly all is sealed.", ("Names of files can be seen.", "No DDP."))
BARE = Isolation("process-only", "Your code can do all that you can.")
CONFIG = Path("/c/config.toml")


@pytest.mark.parametrize(
    ("policy", "strong", "good", "bare"),
    [
        ("ask", "open", "ask", "ask"),
        ("strong-only", "open", "refuse", "refuse"),
        ("never", "refuse", "refuse", "refuse"),
        ("always", "open", "open", "open"),
    ],
)
def test_what_each_policy_does(policy: ThirdParty, strong: str, good: str, bare: str) -> None:
    assert decide(policy, STRONG).action == strong
    assert decide(policy, GOOD).action == good
    assert decide(policy, BARE).action == bare
    for isolation in (STRONG, GOOD, BARE):
        assert decide(policy, isolation, shipped=True).action == "open"


def test_what_is_missing_is_said_in_words() -> None:
    assert decide("ask", GOOD).missing == GOOD.missing
    assert decide("ask", BARE).missing == (BARE.sentence,)
    with pytest.raises(CommandError) as error:
        open_it(decide("strong-only", GOOD))
    assert "Names of files can be seen." in error.value.sentence
    assert "No DDP." in error.value.sentence
    assert str(CONFIG) in error.value.advice


def test_the_question_names_the_course_and_what_is_missing() -> None:
    asked: list[str] = []

    def answer(word: bool) -> Ask:
        return lambda question: bool(asked.append(question)) or word

    open_it(decide("ask", GOOD), answer(True))
    with pytest.raises(CommandError, match="was not opened"):
        open_it(decide("ask", GOOD), answer(False))
    for question in asked:
        assert "“A course”" in question
        assert "Names of files can be seen." in question
        assert question.endswith("[y/N] ")


def test_where_nobody_can_answer_it_is_refused() -> None:
    with pytest.raises(CommandError, match="was not opened"):
        open_it(decide("ask", BARE), None)


def test_nothing_is_asked_where_all_is_well() -> None:
    open_it(decide("ask", STRONG), lambda _: pytest.fail("it asked"))


def test_doctor_tells_the_policy() -> None:
    assert "after a question" in third_party_finding("ask", GOOD).text
    assert "are refused" in third_party_finding("never", STRONG).text
    assert third_party_finding("always", BARE).mark == "note"


def test_the_command_line_refuses(
    home: Path, root: Path, tmp_path: Path, tutor: Run, config: Callable[[str], Path]
) -> None:
    shutil.copytree(lessons_root() / "example", tmp_path / "theirs")
    config('third_party = "never"')
    with Terminal("--pack", str(tmp_path / "theirs"), folder=root) as terminal:
        assert terminal.wait() == 1
        assert 'third_party is "never"' in " ".join(terminal.text.split())
        assert b"\x1b[?1049h" not in terminal.raw
    assert 'third_party is "never"' in tutor("lint", str(tmp_path / "theirs")).stderr
    assert tutor("lint", "--seeds", "0", str(tmp_path / "theirs")).returncode == 0
    with Terminal("--pack", str(lessons_root() / "example"), folder=root) as terminal:
        terminal.until("● ready")


def open_it(decision: Decision, ask: Ask | None = None) -> None:
    require(decision, "A course", Path("/p"), CONFIG, ask)
