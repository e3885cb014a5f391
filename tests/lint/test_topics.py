"""Topics: claimed by a lesson, with the place where it teaches them, in a table that is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course.lint import lint_whole
from tutor.course.pack import load_pack, read_pack
from tutor.course.topic_table import anchor_of, heading_anchors, table_finding, with_table
from tutor.course.topics import read_topics
from tutor.lint.command import run_lint
from tutor.lint.writing import accept_ids, write_topics

LESSONS = Path(__file__).parents[2] / "lessons"
TOPICS = '["Adding"]\nT1 = "Sums"\nT41 = "Sums of rows"\n\n["Other"]\nT3 = "Anything | else"\n'
MARKS = (
    "# Guide\n\n<!-- topics of example: written by `torch-tutor lint --topics` -->\nold\n"
    "<!-- end of topics of example -->\n\nThe end.\n"
)


@pytest.fixture
def course(copy: Path) -> Path:
    """A pack that promises three topics, beside a guide."""
    (copy / "topics.toml").write_text(TOPICS)
    (copy.parent / "README.md").write_text(MARKS)
    claim(copy, "rows", '["T41#your-turn", "T1#left"]')
    claim(copy, "more", '["T3#a-table-of-prices"]')
    assert write_topics([copy]) == accept_ids([copy]) == 0
    return copy


def claim(root: Path, lesson: str, topics: str) -> None:
    path = root / "first" / f"{lesson}.md"
    lines = path.read_text().split("\n")
    lines = [f"topics: {topics}" if line.startswith("topics:") else line for line in lines]
    path.write_text("\n".join(lines))


def found(root: Path) -> list[str]:
    findings = lint_whole(load_pack(root))
    return [f"{f.place.file.name}:{f.place.line} {f.level}: {f.text}" for f in findings]


def test_a_course_that_keeps_its_promise_is_left_alone(course: Path) -> None:
    assert found(course) == []


def test_a_topic_that_no_lesson_claims(course: Path) -> None:
    claim(course, "more", '["T1#left"]')
    assert "topics.toml:6 error: no lesson claims T3, “Anything | else”" in found(course)


def test_a_claim_without_a_place(course: Path) -> None:
    claim(course, "more", '["T3"]')
    expected = (
        "topics.toml:1 error: 1 of 3 claims do not say which step or block teaches the topic; "
        'expected such as "T3#some-step". They are in: first/more'
    )
    assert expected in found(course)


def test_a_course_that_is_being_written_is_only_warned(course: Path) -> None:
    claim(course, "more", '["T1"]')
    manifest = course / "pack.toml"
    manifest.write_text(
        manifest.read_text().replace("[[units]]", "topics_complete = false\n\n[[units]]", 1)
    )
    assert [text.split(" ")[1] for text in found(course)] == ["warning:"] * 3


def test_topics_complete_is_yes_or_no(course: Path) -> None:
    manifest = course / "pack.toml"
    manifest.write_text(
        manifest.read_text().replace("[[units]]", "topics_complete = 0\n\n[[units]]", 1)
    )
    _, (problem,) = read_pack(course)
    assert problem.text == "`topics_complete`: expected `true` or `false`"


def test_only_a_run_over_the_whole_course_asks_for_every_topic(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim(course, "more", '["T1#left"]')
    assert run_lint([course], seeds=0) == 1
    assert "no lesson claims T3" in capsys.readouterr().out
    assert run_lint([course / "first" / "rows.md"], seeds=0) == 0
    assert "claims" not in capsys.readouterr().out


def test_the_table_links_to_lesson_and_step(course: Path) -> None:
    text = (course.parent / "README.md").read_text()
    assert (
        "| T41 | Sums of rows | [Adding up rows: Your turn](pack/first/rows.md#your-turn) |" in text
    )
    assert "(pack/first/rows.md#a-table-of-prices) |" in text, "a block lies in its step"
    assert "| T3 | Anything \\| else | [" in text
    assert text.startswith("# Guide\n")
    assert text.endswith("\n\nThe end.\n")
    assert "old" not in text


def test_a_stale_table_is_an_error_until_it_is_written_again(course: Path) -> None:
    claim(course, "more", '["T3#your-turn"]')
    (stale,) = found(course)
    assert stale.startswith("README.md:3 error: the table of topics is not what the lessons say")
    assert write_topics([course]) == 0
    assert found(course) == []


def test_nothing_is_written_from_a_course_with_a_broken_lesson(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = (course.parent / "README.md", course / "ids.txt")
    before = [path.read_text() for path in files]
    (course / "first" / "more.md").write_text("no lesson")
    assert write_topics([course]) == 2
    assert accept_ids([course]) == 2
    assert "Nothing was written" in capsys.readouterr().err
    assert [path.read_text() for path in files] == before


def test_a_guide_without_a_place_is_left_alone() -> None:
    assert with_table("# Guide\n", "example", "| a |\n") is None


def test_anchors_are_those_of_code_hosts() -> None:
    assert anchor_of("## The rule: `x.sum(0)`, and why?") == "the-rule-xsum0-and-why"
    assert anchor_of("## Your turn {#turn}") == "your-turn-turn"
    twice = "# A\n\n## One\n\n```python\n## One\n```\n\n## One\n"
    assert heading_anchors(twice) == {1: "a", 3: "one", 9: "one-1"}


FLAWS = {
    "not toml": ('["A"\n', "this is not TOML"),
    "outside": ('T1 = "Sums"\n', "`T1` stands outside a group"),
    "no title": ('["A"]\nT1 = 3\n', "`T1` is not a text"),
    "twice": ('["A"]\nT1 = "x"\n["B"]\nT1 = "y"\n', "the topic `T1` stands in two groups"),
}


@pytest.mark.parametrize(("text", "expected"), FLAWS.values(), ids=FLAWS.keys())
def test_a_flaw_of_the_list_is_found(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "topics.toml").write_text(text)
    _, problems = read_topics(tmp_path)
    assert any(expected in problem.text for problem in problems)


def test_ids_that_were_recorded_stay(copy: Path) -> None:
    assert found(copy) == [], "nothing was promised yet"
    assert accept_ids([copy]) == 0
    assert found(copy) == []
    manifest = copy / "pack.toml"
    manifest.write_text(manifest.read_text().replace(', "first/more"', ""))
    (copy / "first" / "more.md").unlink()
    (gone,) = found(copy)
    assert gone.startswith("ids.txt:1 error: the lesson `first/more` is gone, and the progress of")
    assert accept_ids([copy]) == 0
    assert found(copy) == []


def test_a_finished_course_records_its_ids(course: Path) -> None:
    (course / "ids.txt").unlink()
    (warning,) = found(course)
    assert warning.startswith("ids.txt:1 warning: 8 new ids are not recorded")


def test_a_block_whose_id_changed_is_an_error_and_its_new_id_a_warning(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accept_ids([copy]) == 0
    path = copy / "first" / "rows.md"
    path.write_text(path.read_text().replace("quiz id=left", "quiz id=right"))
    assert run_lint([copy], seeds=0) == 1
    out = capsys.readouterr().out
    assert "rows.md:1: ✗ error: the block `left` is gone" in out
    assert "ids.txt:1: ! warning: 1 new ids are not recorded" in out


def test_the_shipped_course_keeps_its_promise_and_its_table_is_current() -> None:
    """While it says `topics_complete = false`, what is missing is a warning."""
    pack, _ = read_pack(LESSONS / "pytorch")
    assert pack is not None
    topics, problems = read_topics(pack.root)
    assert problems == []
    assert [topic.id for topic in topics] == [f"T{n}" for n in range(1, 163)]
    assert [f for f in lint_whole(pack) if f.level == "error"] == []
    stale = table_finding(pack, topics)
    assert stale is None or not pack.topics_complete
