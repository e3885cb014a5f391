"""The authors' guide says what is true: its example is a lesson, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tutor.course.directives import DIRECTIVES
from tutor.course.front import KEYS
from tutor.course.lint import lint_pack
from tutor.course.pack import load_pack
from tutor.course.quizzes import KINDS

LESSONS = Path(__file__).parents[2] / "lessons"


@pytest.fixture(scope="module")
def guide() -> str:
    return (LESSONS / "README.md").read_text()


def test_the_example_in_the_guide_is_the_one_that_is_tested(guide: str) -> None:
    lesson = guide.split("````markdown\n")[1].split("````")[0]
    assert lesson == (LESSONS / "example/first/rows.md").read_text()
    assert f"```toml\n{(LESSONS / 'example/pack.toml').read_text()}```" in guide


def test_the_example_is_sound() -> None:
    assert lint_pack(load_pack(LESSONS / "example")) == ()


def test_every_directive_attribute_key_and_kind_is_explained(guide: str) -> None:
    tables = "\n".join(line for line in guide.split("\n") if line.startswith("|"))
    for directive in DIRECTIVES.values():
        (row,) = re.findall(rf"^\| `\w+ {directive.name}` \|.*$", tables, re.MULTILINE)
        for attribute in directive.attributes:
            assert f"`{attribute}`" in row, (directive.name, attribute)
            assert re.search(rf"^\| `{attribute}` \|", tables, re.MULTILINE) or attribute == "kind"
        for attribute in directive.required:
            assert f"**`{attribute}`**" in row
    for name in (*KEYS, *KINDS):
        assert re.search(rf"^\|.*`{name}`", tables, re.MULTILINE), name
