"""Each static rule finds what it is for, on its line, and leaves a sound lesson alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutor.course.lint import RULES, lint_lesson, lint_pack
from tutor.course.pack import load_pack
from tutor.course.parse import parse_lesson
from tutor.course.rules.subject import Subject
from tutor.course.rules.text import columns

FILES = {
    "unit/one.md": frozenset({"step", "last"}),
    "unit/two.md": frozenset({"rule"}),
    "other/data.csv": frozenset(),
}
PROSE = "## Step\n\nA sentence.\n"


@pytest.fixture
def lint(front: str, exercise: str) -> Callable[..., list[str]]:
    """Findings as `line level: text` for a body; the exercise stands in its second step."""

    def find(
        body: str = PROSE,
        *,
        title: str = "One lesson",
        change: tuple[str, str] = ("", ""),
        head: tuple[str, str] = ("", ""),
        **around: Any,
    ) -> list[str]:
        second = f"\n## Last\n\n### Double it\n\nWrite it.\n\n{exercise.replace(*change)}"
        text = f"{front.replace(*head)}\n# {title}\n\n{body}{second}"
        if change[0]:
            assert change[0] in exercise or change[0] in front
        subject = Subject(parse_lesson(text, Path("unit/one.md")), text, FILES, **around)
        return [f"{f.place.line} {f.level}: {f.text}" for f in lint_lesson(subject)]

    return find


Lint = Callable[..., list[str]]


def test_a_sound_lesson_is_left_alone(lint: Lint) -> None:
    assert lint() == []


LONG = "word " * 15
WIDE = {
    "prose": (f"{LONG}x", True),
    "prose that fits": ("w " * 35 + "xx", False),
    "code": (f"```python\nx = '{LONG}'\n```", True),
    "output": (f"```python cell id=a\nx\n```\n\n```text output for=a\n{LONG}x\n```", True),
    "table that fits": (f"| a {' ' * 70} |\n|---|", False),
    "table": (f"| a {' ' * 76} |\n|---|", True),
    "address": ("<https://example.org/" + "x" * 70 + ">", False),
    "toml": (
        f"```toml quiz id=q kind=predict\nprompt='{LONG}'\nanswer='1'\nexplain='e'\n```",
        False,
    ),
    "wide letters": ("测" * 37 + " 测", True),
}


@pytest.mark.parametrize(("body", "found"), WIDE.values(), ids=WIDE.keys())
def test_lines_fit(lint: Lint, body: str, found: bool) -> None:
    assert any("columns; expected at most" in f for f in lint(f"## Step\n\n{body}\n")) is found


def test_a_feedback_line_may_be_long(lint: Lint) -> None:
    assert lint(change=("# feedback: expected", f"# feedback: {LONG * 2}")) == []


def test_columns_counts_what_a_terminal_shows() -> None:
    assert [columns(text) for text in ("abc", "测试", "e\u0301", "\tx")] == [3, 4, 1, 5]


def test_tabs_in_code(lint: Lint) -> None:
    found = lint("## Step\n\n```python cell id=a\nif 1:\n\tx = 1\n```\n")
    assert found == ["15 error: a tab in code; expected spaces"]


def test_a_long_step_is_advised_against_and_a_very_long_one_refused(lint: Lint) -> None:
    def body(lines: int) -> str:
        return "## Step\n\n" + "A line.\n" * lines

    assert lint(body(40)) == []
    assert "11 warning: the step “Step” has 52 lines" in lint(body(50))[0]
    assert "11 error: the step “Step” has 72 lines" in lint(body(70))[0]


def test_the_heading_and_the_title_agree(lint: Lint) -> None:
    assert lint(title="Another") == [
        "9 error: the heading is “Another”, the front matter says “One lesson”; expected the same"
    ]


def test_one_to_five_objectives(front: str) -> None:
    for count, sound in [(0, False), (1, True), (5, True), (6, False)]:
        listed = "[" + ", ".join(['"a"'] * count) + "]"
        text = front.replace('["Do one thing"]', listed) + "\n# One lesson\n\n## Step\n\nText.\n"
        findings = lint_lesson(Subject(parse_lesson(text, Path("unit/one.md")), text))
        assert (findings == ()) is sound


def test_a_directive_in_a_list_would_not_run(lint: Lint) -> None:
    found = lint("## Step\n\n- Item\n\n  ```python cell id=a\n  x\n  ```\n")
    assert found == [
        "15 error: `python cell id=a` stands inside a list or a quote, where it is not run; "
        "move it out"
    ]


def test_what_the_app_cannot_show(lint: Lint) -> None:
    assert "13 warning: HTML is not shown" in lint("## Step\n\n<div>\nHello\n</div>\n")[0]
    assert "13 error: a link definition" in lint("## Step\n\n[a]: two.md\n\nSee [a].\n")[0]


LINKS = {
    "web": ("[a](https://pytorch.org/docs#x)", ""),
    "file": ("[a](two.md)", ""),
    "step": ("[a](two.md#rule) and [b](#last)", ""),
    "folder": ("[a](../other/data.csv)", ""),
    "code": ("`[a](gone.md)`", ""),
    "gone": ("[a](gone.md)", "leads to unit/gone.md, which the pack lacks"),
    "no step": ("[a](two.md#rul)", "unit/two.md has no step `rul`; did you mean `rule`?"),
    "no step here": ("[a](#lost)", "unit/one.md has no step `lost`"),
    "out": ("[a](../../etc/passwd)", "leads out of the pack"),
    "absolute": ("[a](/etc/passwd)", "leads out of the pack"),
    "scheme": ("[a](file:///etc/passwd)", "leads neither to the web nor into the pack"),
    "image": ("![a](two.md)", "is not shown in a terminal"),
}


@pytest.mark.parametrize(("text", "expected"), LINKS.values(), ids=LINKS.keys())
def test_links_resolve(lint: Lint, text: str, expected: str) -> None:
    found = lint(f"## Step\n\nBefore.\n\nSee {text} here.\n")
    assert len(found) == bool(expected)
    if expected:
        assert found[0].startswith("15 error:")
        assert expected in found[0]


CHANGES = {
    "two hints": ('"How often?", ', "", "`double` has 2 hints; expected 3 or more"),
    "same hints": ('"How often?"', '"Two times."', "two hints of `double` are the same"),
    "hint is solution": ("Multiply.", "Write return 2 * x", "hint 3 of `double` spells out"),
    "hint is all of it": ("Multiply.", "def double(x): return 2*x", "hint 3 of `double` spells"),
    "one wrong": (
        "```python wrong for=double\n# feedback: expected\ndef double(x):\n    return x\n```\n\n"
        "```python wrong for=double\n# feedback: expected\ndef double(x):\n    return 3 * x\n```\n",
        "",
        "`double` has 1 wrong answers; expected 2 or more",
    ),
    "two wrong": (
        "```python wrong for=double\n# feedback: expected\ndef double(x):\n    return x\n```\n",
        "",
        "warning: `double` has 2 wrong answers; 3 are better",
    ),
    "no right": (
        "```python right for=double\ndef double(x):\n    return x + x\n```\n",
        "",
        "warning: `double` has no other right answer",
    ),
    "no task": ("    ...", "    return 2 * x", "the solution of `double` is its starter"),
    "only a comment": ("    ...", "    return 2*x  # here", "the solution of `double` is its"),
    "wrong is right": ("return 3 * x", "return (2 * x)", "this wrong answer is the solution"),
    "wrong twice": ("return 3 * x", "return x", "the same wrong answer stands above"),
    "no check": ("def check_values(s)", "def values(s)", "no check in this block"),
    "no title": ('    """twice as much"""\n', "", "`check_values` lacks its title"),
    "other argument": ("check_values(s)", "check_values(s, t)", "takes other arguments"),
    "cannot fail": (
        's.equal(s.function("double")(2), 4)',
        "assert True",
        "`check_values` never asks `s` for anything, so it cannot fail",
    ),
    "check syntax": ('"double")(2), 4)', '"double")(2), 4', "this check is not Python"),
    "starter syntax": ("    ...", "    ", "the starter of `double` is not Python"),
    "solution syntax": ("return 2 * x", "return 2 * ", "the solution of `double` is not Python"),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_a_flaw_of_an_exercise_is_found(lint: Lint, old: str, new: str, expected: str) -> None:
    found = lint(change=(old, new))
    assert any(expected in finding for finding in found), found


def test_a_hint_that_leaves_out_the_comments_gives_the_solution_away(
    front: str, exercise: str
) -> None:
    told = exercise.replace("    return 2 * x", "    # Twice.\n    return 2 * x")
    told = told.replace("Multiply.", "It is: return 2 * x")
    text = f"{front}\n# One lesson\n\n## Step\n\n{told}"
    (found,) = lint_lesson(Subject(parse_lesson(text, Path("unit/one.md")), text, FILES))
    assert "hint 3 of `double` spells out the solution" in found.text


def test_what_is_advice_for_others_is_law_for_shipped_lessons(lint: Lint) -> None:
    (found,) = lint(change=CHANGES["no right"][:2], shipped=True)
    assert "error: `double` has no other right answer" in found


def test_syntax_errors_are_reported_on_their_line(lint: Lint) -> None:
    found = lint("## Step\n\n```python cell id=a\nx = 1\ny = = 2\n```\n")
    assert found == ["15 error: this cell is not Python: invalid syntax"]
    expected = "## Step\n\n```python cell id=a expect=SyntaxError\ny = = 2\n```\n"
    assert lint(expected) == []


def test_a_second_check_of_the_same_name_would_hide_the_first(lint: Lint) -> None:
    again = 'def check_values(s):\n    """again"""\n    s.fail("")\n\n\ndef check_values(s)'
    assert "a second `check_values`" in lint(change=("def check_values(s)", again))[0]


def test_a_right_answer_differs_from_the_solution(lint: Lint) -> None:
    right = "```python right for=double\ndef double(x):\n    return 2 * x\n```\n"
    assert "this right answer is the solution" in lint(PROSE + "\n" + right)[0]


def test_an_output_that_is_no_regular_expression(lint: Lint) -> None:
    body = "## Step\n\n```python cell id=a\n1\n```\n\n```text output for=a match=regex\n(1\n```\n"
    assert "18 error: this is not a regular expression" in lint(body)[0]


def test_a_typed_answer_is_explained(lint: Lint) -> None:
    body = "## Step\n\n```toml quiz id=q kind=predict\nprompt='p'\nanswer='1'\n```\n"
    assert lint(body) == ["13 warning: `q` lacks `explain`, said after the answer"]


ANSWERED = {
    "blank": (
        "kind=blank\ncode='f(____)'\nanswer='x'\naccept=['x y']\n",
        "the code with `x y` in the blank is not Python: ",
    ),
    "fix": (
        'kind=fix\ncode="if x:\\n    a("\nline=2\n'
        "choices=[{text='b(',correct=true,why='w'},{text='b()',why='w'}]\n",
        "the code with the right replacement is not Python: ",
    ),
    "parsons": (
        "kind=parsons\nlines=['    if x:', '        return 1']\norders=[[2, 1]]\n",
        "the order 2, 1 is not Python: ",
    ),
}


@pytest.mark.parametrize(("question", "expected"), ANSWERED.values(), ids=ANSWERED.keys())
def test_a_right_answer_that_is_not_python_is_told(
    lint: Lint, question: str, expected: str
) -> None:
    kind, _, keys = question.partition("\n")
    body = f"## Step\n\n```toml quiz id=q {kind}\nprompt='p'\nexplain='e'\n{keys}```\n"
    [found] = lint(body)
    assert found.startswith(f"13 warning: `q`: {expected}"), found


BELITTLING = {
    "just": ("A line.\n\nOne, you just\nadd.", "15 warning: “just” belittles"),
    "on its line": ("A line.\n\nOne,\nSimply add.", "16 warning: “Simply” belittles"),
    "in bold": ("This is **obviously** so.", "13 warning: “obviously” belittles"),
    "in code": ("Call `just()`.\n\n```python\nsimply = 1\n```", ""),
    "in a word": ("Adjust it.", ""),
}


@pytest.mark.parametrize(("prose", "expected"), BELITTLING.values(), ids=BELITTLING.keys())
def test_words_that_belittle(lint: Lint, prose: str, expected: str) -> None:
    found = lint(f"## Step\n\n{prose}\n")
    assert len(found) == bool(expected)
    assert not found or found[0].startswith(expected)


CLAIMS = {
    "a step": ('["T1#step"]', ""),
    "a block": ('["T1#double"]', ""),
    "neither": ('["T1#doubel"]', "has no such step or block; did you mean `double`?"),
    "no topic": ('["T9"]', "the pack has no topic `T9`"),
}


@pytest.mark.parametrize(("topics", "expected"), CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_name_a_topic_and_a_place(lint: Lint, topics: str, expected: str) -> None:
    found = lint(head=('["T1"]', topics), topics={"T1": "One"})
    found = [finding for finding in found if "expected 3 to 5" not in finding]
    found = [finding for finding in found if "expected 2 to 5" not in finding]
    assert len(found) == bool(expected)
    if expected:
        assert found[0].startswith("6 error: ")
        assert expected in found[0]


def test_a_lesson_of_a_course_has_some_exercises_and_questions(lint: Lint) -> None:
    course = {"topics": {"T1": "One"}}
    assert lint(**course) == [
        "1 warning: 1 exercises; expected 3 to 5",
        "1 warning: 0 questions; expected 2 to 5",
    ]
    assert lint(head=("minutes: 5", "minutes: 5\nproject: true"), **course) == []


def test_a_recorded_id_that_is_gone_is_missed(lint: Lint) -> None:
    assert lint(recorded=("unit/one", "unit/one#double", "unit/two#x")) == []
    (found,) = lint(recorded=("unit/one#treble",))
    assert found.startswith("1 error: the block `treble` is gone, and the progress of learners")


def test_every_rule_has_found_something_here() -> None:
    """A rule that is added wants its test: this list is kept by hand on purpose."""
    assert {rule.__name__ for rule in RULES} == {
        "titles",
        "objectives",
        "widths",
        "step_lengths",
        "hidden_directives",
        "unseen",
        "words",
        "links",
        "claims",
        "lasting_ids",
        "syntax",
        "checks",
        "outputs",
        "help_enough",
        "counts",
        "nothing_given_away",
        "attempts_differ",
        "questions_explain",
        "answers_are_python",
    }


def test_a_whole_pack(pack: Path) -> None:
    assert lint_pack(load_pack(pack)) == ()
    path = pack / "unit" / "two.md"
    path.write_text(path.read_text().replace("## Step", "## Step\n\n[a](one.md#gone)"))
    (finding,) = lint_pack(load_pack(pack))
    assert "unit/one.md has no step `gone`" in finding.text
