"""Every mistake of a file is reported, with its line and what would have been right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course.errors import CourseError
from tutor.course.parse import load_lesson

Problems = Callable[[str], list[str]]

CASES = {
    "unknown directive": ("```python cel id=a\nx\n```", "3: unknown directive `cel`; did you mean"),
    "no language": ("```cell id=a\nx\n```", "3: a directive needs its language first"),
    "bare directive": ("```cell\nx\n```", "3: `cell` needs its language first"),
    "wrong language": ("```toml cell id=a\nx\n```", "3: a cell is written in python, not toml"),
    "unknown attribute": (
        "```python cell id=a pannel=b\nx\n```",
        "3: a cell has no attribute `pannel`; did you mean `panel`?",
    ),
    "attribute twice": ("```python cell id=a id=b\nx\n```", "3: `id` was given twice"),
    "value missing": ("```python cell id\nx\n```", "3: `id` has the wrong form"),
    "flag with value": ("```python exercise id=a fresh=1\nx\n```", "`fresh=1` has the wrong form"),
    "no id": ("```python cell\nx\n```", "3: this cell lacks `id=`"),
    "bad id": ("```python cell id=My_Cell\nx\n```", "3: `id=My_Cell`: expected lower-case"),
    "bad number": ("```python exercise id=a difficulty=6\nx\n```", "a whole number from 1 to 5"),
    "bad seconds": ("```python cell id=a timeout=0\nx\n```", "expected seconds, more than 0"),
    "bad word": ("```python cell id=a network=all\nx\n```", "expected none or loopback"),
    "bad error name": ("```python cell id=a expect=Not-it\nx\n```", "the name of an exception"),
    "empty cell": ("```python cell id=a\n\n```", "3: this cell is empty"),
    "same id twice": (
        "```python cell id=a\nx\n```\n\n```toml quiz id=a kind=shape\nprompt='p'\nanswer='1'\n```",
        "7: the id `a` is taken by line 12",
    ),
    "output of nothing": (
        "```text output for=b\n1\n```",
        "3: no cell of this lesson is called `b`",
    ),
    "near miss": (
        "```python cell id=prices\nx\n```\n\n```text output for=price\n1\n```",
        "7: no cell of this lesson is called `price`; did you mean `prices`?",
    ),
    "two outputs": (
        "```python cell id=a\nx\n```\n\n```text output for=a\n1\n```\n\n"
        "```text output for=a\n2\n```",
        "11: `a` has its output on line 16; expected one",
    ),
    "exercise alone": (
        "```python exercise id=rows\nx\n```",
        '3: an exercise needs a check: add a block "```python check for=rows"',
    ),
    "no solution": ("```python exercise id=rows\nx\n```", "an exercise needs a solution"),
    "no hints": ("```python exercise id=rows\nx\n```", 'add a block "```toml hints for=rows"'),
    "never closed": ("```python cell id=a\nx\n", "3: this fence is never closed"),
    "closed with another mark": ("```python cell id=a\nx\n~~~", "3: this fence is never closed"),
    "underlined": ("Some text\n---\n\nMore.", "4: a line of `-` below text makes a heading"),
    "second title": ("# Another", "3: a second `#` heading"),
    "bad step id": ("Text.\n\n## Next {#Bad Id}\n\nText.", "5: `{#Bad Id}`: expected lower"),
    "odd step id": ("Text.\n\n## Next {#Bad_Id}\n\nText.", "5: `{#Bad_Id}`: expected lower-case"),
    "step without id": ("Text.\n\n## 步骤\n\nText.", "5: no id can be made of this heading"),
    "step twice": ("Text.\n\n## Step\n\nText.", "5: a second step has the id `step`"),
    "empty step": ("Text.\n\n## Next", "5: the step “Next” is empty"),
    "empty heading": ("Text.\n\n##\n\nText", "5: this heading has no text"),
    "bad toml": (
        "```toml quiz id=a kind=choice\nprompt = 'p'\nchoices = [\n```",
        "this is not TOML",
    ),
    "toml line": (
        "```toml quiz id=a kind=choice\nprompt = 'p'\ncode = nope\n```",
        "5: this is not",
    ),
    "unknown kind": (
        "```toml quiz id=a kind=chioce\nprompt='p'\n```",
        "3: unknown kind `chioce`; did you mean `choice`?",
    ),
    "unknown quiz key": (
        "```toml quiz id=a kind=predict\nprompt='p'\nanswr='1'\n```",
        "has no key `answr`; did you mean `answer`?",
    ),
    "no prompt": ("```toml quiz id=a kind=predict\nanswer='1'\n```", "`prompt` is missing"),
    "no right choice": (
        "```toml quiz id=a kind=choice\nprompt='p'\n"
        "choices=[{text='1',why='w'},{text='2',why='w'}]\n```",
        "3: 0 choices are marked correct; expected exactly one",
    ),
    "two right choices": (
        "```toml quiz id=a kind=choice\nprompt='p'\n"
        "choices=[{text='1',why='w',correct=true},{text='2',why='w',correct=true}]\n```",
        "3: 2 choices are marked correct; expected exactly one",
    ),
    "none of many right": (
        "```toml quiz id=a kind=multi\nprompt='p'\n"
        "choices=[{text='1',why='w'},{text='2',why='w'}]\n```",
        "3: no choice is marked correct; expected at least one",
    ),
    "no reason": (
        "```toml quiz id=a kind=choice\nprompt='p'\n"
        "choices=[{text='1'},{text='2',why='w',correct=true}]\n```",
        "3: choice 1: `why` is missing",
    ),
    "one choice": (
        "```toml quiz id=a kind=choice\nprompt='p'\nchoices=[{text='1',why='w',correct=true}]\n```",
        "expected two or more",
    ),
    "same choices": (
        "```toml quiz id=a kind=choice\nprompt='p'\n"
        "choices=[{text='1',why='w',correct=true},{text='1',why='w'}]\n```",
        "two choices have the same text",
    ),
    "no shape": (
        "```toml quiz id=a kind=shape\nprompt='p'\nanswer='a table'\n```",
        "3: `a table` cannot be the answer; expected integers",
    ),
}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_the_body_is_named(body_problems: Problems, body: str, expected: str) -> None:
    found = body_problems(f"## Step\n\n{body}\n")
    assert any(expected in problem for problem in found), found


def test_a_block_before_the_first_step_is_a_mistake(body_problems: Problems) -> None:
    found = body_problems("```python cell id=a\nx\n```\n\n## Step\n\nText.\n")
    assert found == ["1: this block stands before the first `##`; expected below it"]


HINTS = {
    "no steps": ('learnt = "x"', "`steps` is missing"),
    "no learnt": ('steps = ["a"]', "`learnt` is missing"),
    "unknown": ('steps = ["a"]\nlearnt = "x"\nlernt = "y"', "did you mean `learnt`?"),
    "no list": ('steps = "a"\nlearnt = "x"', "a list of texts"),
}


@pytest.mark.parametrize(("toml", "expected"), HINTS.values(), ids=HINTS.keys())
def test_a_mistake_in_hints_is_named(
    body_problems: Problems, exercise: str, toml: str, expected: str
) -> None:
    whole = 'steps = ["How often?", "Two times.", "Multiply."]\nlearnt = "Twice is two times."'
    found = body_problems("## Step\n\n" + exercise.replace(whole, toml))
    assert len(found) == 1
    assert expected in found[0]


def test_a_wrong_answer_needs_its_feedback_line(body_problems: Problems, exercise: str) -> None:
    assert not body_problems("## Step\n\n" + exercise)
    found = body_problems("## Step\n\n" + exercise.replace("# feedback: expected\n", "", 1))
    assert found == [
        "25: a wrong answer starts with a line `# feedback: <what the learner reads>`; "
        "found 'def double(x):'"
    ]


FRONTS = {
    "missing": ("minutes: 5\n", "", "1: the front matter lacks `minutes`"),
    "no json": ('title: "One lesson"', "title: One lesson", "3: `title` needs a JSON value"),
    "unknown": ("topics:", "topic:", "6: unknown front matter key `topic`; did you mean `topics`?"),
    "type": ("minutes: 5", 'minutes: "5"', "4: `minutes` has the wrong form"),
    "true": ("minutes: 5", "minutes: true", "4: `minutes` has the wrong form"),
    "twice": ("minutes: 5", "minutes: 5\nminutes: 6", "5: `minutes` was given twice"),
    "no colon": ("minutes: 5", "minutes: 5\nnonsense", "5: front matter has one `key: value`"),
    "id": ("unit/one", "one", "2: `id` has the wrong form"),
}


@pytest.mark.parametrize(("old", "new", "expected"), FRONTS.values(), ids=FRONTS.keys())
def test_a_mistake_in_the_front_matter_is_named(
    problems: Problems, front: str, old: str, new: str, expected: str
) -> None:
    found = problems(front.replace(old, new) + "\n# One lesson\n\n## Step\n\nText.\n")
    assert any(problem.startswith(expected) for problem in found), found


def test_no_front_matter_no_title_no_step(problems: Problems, front: str) -> None:
    assert problems("# One\n\n## Step\n\nText.\n")[0].startswith("1: the file must begin with")
    assert "1: the lesson lacks its title" in problems(f"{front}\n## Step\n\nText.\n")[0]
    assert "the lesson has no step" in problems(f"{front}\n# One\n\nText.\n")[0]


def test_all_mistakes_of_a_file_are_reported_together_in_order(problems: Problems) -> None:
    found = problems(
        "---\nid: 3\n---\n# A\n\n## S\n\n```python cel id=a\n```\n\n```python cell\nx\n```\n"
    )
    lines = [int(problem.split(":")[0]) for problem in found]
    assert len(found) >= 6
    assert lines == sorted(lines)


def test_the_message_names_file_and_line_as_an_editor_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "one.md"
    path.write_text(f"{front}\n# One\n\n## S\n\n```python exercise id=rows\nx\n```\n")
    with pytest.raises(CourseError) as caught:
        load_lesson(path)
    assert str(caught.value).split("\n")[0].startswith("one.md:13: an exercise needs a")


def test_files_that_cannot_be_read_say_so(tmp_path: Path, front: str) -> None:
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        load_lesson(tmp_path / "none.md")
    (tmp_path / "latin.md").write_bytes(front.encode() + b"\n# Caf\xe9\n")
    with pytest.raises(CourseError, match=r"latin.md:9: this is not UTF-8"):
        load_lesson(tmp_path / "latin.md")


def test_the_id_is_the_path(tmp_path: Path, front: str) -> None:
    path = tmp_path / "two.md"
    path.write_text(f"{front}\n# One\n\n## S\n\nText.\n")
    with pytest.raises(CourseError, match='expected the path of the file, "unit/two"'):
        load_lesson(path, "unit/two")


def test_project_is_yes_or_no(problems: Callable[[str], list[str]], front: str) -> None:
    text = front.replace("minutes: 5\n", 'minutes: 5\nproject: "yes"\n')
    found = problems(text + "\n# One lesson\n\n## Step\n\nText.\n")
    assert found == ["5: `project` has the wrong form; expected such as `project: true`"]
