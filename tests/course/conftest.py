"""Small lessons and packs to break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.course.errors import CourseError
from tutor.course.model import Lesson
from tutor.course.parse import parse_lesson

FRONT = """\
---
id: "unit/one"
title: "One lesson"
minutes: 5
objectives: ["Do one thing"]
topics: ["T1"]
---
"""

EXERCISE = '''\
```python exercise id=double
def double(x):
    ...
```

```python solution for=double
def double(x):
    return 2 * x
```

```python check for=double
def check_values(s):
    """twice as much"""
    s.equal(s.function("double")(2), 4)
```

```toml hints for=double
steps = ["How often?", "Two times.", "Multiply."]
learnt = "Twice is two times."
```

```python wrong for=double
# feedback: expected
def double(x):
    return x
```

```python wrong for=double
# feedback: expected
def double(x):
    return 3 * x
```

```python wrong for=double
# feedback: expected
def double(x):
    return 4 * x
```

```python right for=double
def double(x):
    return x + x
```
'''

PATH = Path("unit/one.md")


@pytest.fixture
def lesson() -> Callable[[str], Lesson]:
    """A lesson with the given body below its title."""

    def make(body: str) -> Lesson:
        return parse_lesson(f"{FRONT}\n# One lesson\n\n{body}", PATH)

    return make


@pytest.fixture
def problems() -> Callable[[str], list[str]]:
    """What is wrong with a whole file, as `line: text`."""

    def find(text: str) -> list[str]:
        try:
            parse_lesson(text, PATH)
        except CourseError as error:
            return [f"{p.place.line}: {p.text}" for p in error.problems]
        return []

    return find


@pytest.fixture
def body_problems(problems: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """The same for a body, whose first line is line 1."""
    head = f"{FRONT}\n# One lesson\n"
    offset = head.count("\n")

    def find(body: str) -> list[str]:
        found = []
        for problem in problems(head + body):
            line, _, text = problem.partition(": ")
            found.append(f"{int(line) - offset}: {text}")
        return found

    return find


@pytest.fixture
def exercise() -> str:
    return EXERCISE


@pytest.fixture
def front() -> str:
    return FRONT


MANIFEST = """\
id = "small"
version = "1"
format = 1
title = "A small pack"
licence = "CC-BY-4.0"

[[units]]
id = "unit"
title = "A unit"
lessons = ["unit/one", "unit/two"]
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with a sound pack of two lessons."""
    root = tmp_path / "small"
    (root / "unit").mkdir(parents=True)
    (root / "pack.toml").write_text(MANIFEST)
    for name in ("one", "two"):
        text = (
            FRONT.replace("unit/one", f"unit/{name}") + f"\n# One lesson\n\n## Step\n\n{EXERCISE}"
        )
        (root / "unit" / f"{name}.md").write_text(text)
    return root
