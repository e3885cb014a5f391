"""A lesson file becomes a Lesson, and no sentence of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course.model import Cell, Exercise, Lesson, Prose, Quiz
from tutor.course.parse import parse_lesson

Make = Callable[[str], Lesson]
ROOT = Path(__file__).parents[2]


def texts(lesson: Lesson) -> list[str]:
    return [b.text for _, b in lesson.blocks() if isinstance(b, Prose)]


def test_prose_cells_and_outputs_come_in_order_with_their_lines(lesson: Make) -> None:
    one = lesson(
        "## First\n\nBefore.\n\n```python cell id=a panel=tensors timeout=2.5 requires=onnx,x.y\n"
        "1 + 1\n\n2\n```\n\nAfter.\n\n```text output for=a match=shape\n2\n```\n"
    )
    before, cell, after = one.steps[0].blocks
    assert isinstance(before, Prose)
    assert before.text == "Before."
    assert isinstance(cell, Cell)
    assert (cell.id, cell.source, cell.panel, cell.timeout) == ("a", "1 + 1\n\n2", "tensors", 2.5)
    assert cell.requires == ("onnx", "x.y")
    assert cell.output is not None
    assert (cell.output.text, cell.output.match) == ("2", "shape")
    assert isinstance(after, Prose)
    assert after.text == "After."
    lines = [before.place.line, cell.place.line, after.place.line, cell.output.place.line]
    assert lines == [13, 15, 21, 23]


def test_an_exercise_has_all_that_belongs_to_it(lesson: Make, exercise: str) -> None:
    one = lesson("## Step\n\n### Exercise: double it\n\nWrite it.\n\n" + exercise)
    task = one.block("double")
    assert isinstance(task, Exercise)
    assert task.title == "double it"
    assert task.starter == "def double(x):\n    ..."
    assert task.solution == "def double(x):\n    return 2 * x"
    assert task.hints == ("How often?", "Two times.", "Multiply.")
    assert task.learnt == "Twice is two times."
    assert [w.feedback for w in task.wrong] == ["expected"] * 3
    assert task.wrong[1].source == "def double(x):\n    return 3 * x"
    assert task.checks.startswith("def check_values(s):")
    assert texts(one) == ["Write it."], "the title is not said twice"
    assert one.steps[0].kind == "exercise"


def test_the_line_of_code_in_an_attempt_can_be_found_again(front: str, exercise: str) -> None:
    text = f"{front}\n# One lesson\n\n## Step\n\n{exercise}"
    lines = text.split("\n")
    task = parse_lesson(text, Path("one.md")).block("double")
    assert isinstance(task, Exercise)
    assert task.solution_place is not None
    for place, source in [
        (task.place, task.starter),
        (task.solution_place, task.solution),
        (task.checks_place, task.checks),
        (task.wrong[1].place, task.wrong[1].source),
    ]:
        assert lines[place.line] == source.split("\n")[0]


def test_an_exercise_without_a_heading_of_its_own_is_titled_by_its_step(
    lesson: Make, exercise: str
) -> None:
    task = lesson("## Exercise: twice\n\nText.\n\n" + exercise).block("double")
    assert isinstance(task, Exercise)
    assert task.title == "twice"


def test_lower_headings_are_prose_unless_they_title_an_exercise(
    lesson: Make, exercise: str
) -> None:
    one = lesson("## Step\n\n### Aside\n\nText.\n\n#### More\n\nEven more.\n\n### T\n\n" + exercise)
    assert texts(one) == ["### Aside\n\nText.\n\n#### More\n\nEven more."]


def test_step_ids_are_slugs_or_chosen(lesson: Make) -> None:
    one = lesson(
        "## Über `view`, *and* more!\n\na\n\n## Same\n\nb\n\n## Same {#other}\n\nc\n\n"
        "## Don't worry\n\nd\n"
    )
    assert [s.id for s in one.steps] == ["uber-view-and-more", "same", "other", "dont-worry"]
    assert one.steps[0].title == "Über view, and more!"
    assert one.steps[2].title == "Same"


def test_an_introduction_is_read_on_the_first_step(lesson: Make) -> None:
    one = lesson("Welcome.\n\n## First\n\nText.\n\n## Second\n\nMore.\n")
    assert [b.text for b in one.steps[0].blocks if isinstance(b, Prose)] == ["Welcome.", "Text."]


def test_folding_tags_are_dropped_and_do_not_swallow_what_they_fold(
    lesson: Make, exercise: str
) -> None:
    folded = "## Step\n\n<details>\n<summary>Solution</summary>\n" + exercise + "</details>\n\nEnd."
    one = lesson(folded)
    assert isinstance(one.block("double"), Exercise)
    assert texts(one) == ["End."]


def test_tags_inside_code_stay(lesson: Make) -> None:
    one = lesson("## Step\n\n```html\n<details>\n</details>\n```\n")
    assert texts(one) == ["```html\n<details>\n</details>\n```"]


def test_what_is_commented_out_is_not_run(lesson: Make) -> None:
    one = lesson("## Step\n\nText.\n\n<!--\n```python cell id=a\n1\n```\n-->\n\nEnd.\n")
    assert one.tasks == ()
    assert "cell" not in "".join(texts(one))


def test_tilde_fences_and_longer_fences_work(lesson: Make) -> None:
    tilde = "~~~python cell id=a\nx = '''\n```\n'''\n~~~"
    one = lesson(f"## Step\n\n{tilde}\n\n````python cell id=b\n```\n````\n")
    sources = [b.source for b in one.runnables() if isinstance(b, Cell)]
    assert sources == ["x = '''\n```\n'''", "```"]


def test_fences_in_lists_and_without_directive_are_prose(lesson: Make) -> None:
    one = lesson("## Step\n\n- a\n\n  ```python\n  x = 1\n  ```\n\n```python\ny = 2\n```\n\nEnd.\n")
    assert one.tasks == ()
    assert len(texts(one)) == 1
    assert "x = 1" in texts(one)[0]
    assert "y = 2" in texts(one)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: text.replace("python cell", "python\tcell"),
    ],
    ids=["crlf", "bom", "both", "tab"],
)
def test_the_way_a_file_was_saved_does_not_matter(
    front: str, exercise: str, change: Callable[[str], str]
) -> None:
    text = f"{front}\n# One\n\n## Step\n\nA.\n\n```python cell id=a\nx\n```\n\n{exercise}"
    plain, other = (parse_lesson(t, Path("a.md")) for t in (text, change(text)))
    assert plain.steps == other.steps


def test_unusual_line_separators_do_not_shift_lines(lesson: Make) -> None:
    one = lesson("## Step\n\nA\u2028B\x0cC\n\n```python cell id=a\nx\n```\n")
    assert one.block("a").place.line == 15


def test_questions_of_every_kind_are_read(lesson: Make) -> None:
    one = lesson(
        "## Step\n\n```toml quiz id=a kind=choice\nprompt = 'p'\ncode = '''\nx\n'''\n"
        "choices = [{text='1', why='no'}, {text='2', correct=true, why='yes'}]\n```\n"
        "```toml quiz id=b kind=shape\nprompt = 'p'\nanswer = '(2, 3)'\naccept = ['6']\n"
        "explain = 'e'\n[wrong]\n'(3, 2)' = 'turned'\n```\n"
    )
    first, second = one.steps[0].blocks
    assert isinstance(first, Quiz)
    assert (first.code, [c.correct for c in first.choices]) == ("x", [False, True])
    assert isinstance(second, Quiz)
    assert (second.accept, second.explain) == (("(2, 3)", "6"), "e")
    assert dict(second.wrong) == {"(3, 2)": "turned"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("lessons/*/*/*.md")), ids=lambda p: p.stem)
def test_no_sentence_of_a_real_lesson_is_lost(path: Path) -> None:
    """Each line of text is in a block, but for headings, fences, tags and what is TOML."""
    one = parse_lesson(path.read_bytes(), path)
    kept: set[str] = set()
    for _, block in one.blocks():
        match block:
            case Prose():
                kept.update(block.text.split("\n"))
            case Cell():
                kept.update(block.source.split("\n"))
                kept.update(block.output.text.split("\n") if block.output else ())
            case Exercise():
                for text in (
                    block.starter,
                    block.solution,
                    block.checks,
                    *(a.source for a in (*block.wrong, *block.right)),
                ):
                    kept.update(text.split("\n"))
    inside_toml = False
    for line in path.read_text().split("\n---\n", 1)[1].split("\n"):
        if line.startswith("```"):
            inside_toml = line.startswith("```toml")
            continue
        if inside_toml or not line.strip() or line.startswith(("#", "<")):
            continue
        assert line.rstrip() in {k.rstrip() for k in kept}, line


def test_the_digest_follows_the_file(front: str) -> None:
    text = f"{front}\n# One\n\n## Step\n\nA.\n"
    digests = {parse_lesson(t, Path("a.md")).digest for t in (text, text, text + " ")}
    assert len(digests) == 2


def test_a_project_says_so_and_other_lessons_do_not(front: str) -> None:
    body = "\n# One lesson\n\n## Step\n\nText.\n"
    assert not parse_lesson(front + body, Path("one.md")).project
    capstone = front.replace("minutes: 5\n", "minutes: 5\nproject: true\n")
    assert parse_lesson(capstone + body, Path("one.md")).project
