"""What the home screen writes beside a lesson."""

from __future__ import annotations

from pathlib import Path

from tutor.course.parse import parse_lesson
from tutor.ui.course_map import lesson_line
from tutor.ui.marks import Tally

TEXT = """\
---
id: "unit/one"
title: "A classifier"
minutes: 40
objectives: ["Train it"]
topics: []
project: true
---

# A classifier

## Step

Text.
"""


def test_a_project_is_named_as_one() -> None:
    tally = Tally("new", 0, 5)
    capstone = parse_lesson(TEXT, Path("one.md"))
    plain = parse_lesson(TEXT.replace("project: true\n", ""), Path("one.md"))
    line = lesson_line(capstone, tally, 60).plain
    assert "A classifier" in line
    assert "project" in line
    assert len(line) == len(lesson_line(plain, tally, 60).plain) == 60
    assert "project" not in lesson_line(plain, tally, 60).plain
