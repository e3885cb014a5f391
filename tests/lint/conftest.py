"""Lessons to prove on the shared real session: sound ones, and ones with one flaw each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from small_lessons import Prove

from tutor.course.parse import parse_lesson
from tutor.lint.pool import settings
from tutor.lint.proof import Proof, prove_lesson
from tutor.session.session import Session

EXAMPLE = Path(__file__).parents[2] / "lessons" / "example"

FRONT = """\
---
id: "unit/one"
title: "One"
minutes: 5
objectives: ["Do one thing"]
topics: ["T1"]
---

# One

## Step

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
    f = s.function("double", args=1)
    for size in (3, 2):
        out = f(x := s.randn(size, seed=1))
        s.hint_if(s.same(out, 3 * x), "three", "That is three times as much.")
        s.close(out, 2 * x)
```

```toml hints for=double
steps = ["How often?", "Two times.", "Multiply."]
learnt = "Twice is two times."
```

```python wrong for=double
# feedback: three times as much
def double(x):
    return 3 * x
```

```python wrong for=double
# feedback: None
def double(x):
    2 * x
```

```python right for=double
def double(x):
    return x + x
```
'''


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bench_session(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """A session with the settings of the lint."""
    session = Session(settings(tmp_path_factory.mktemp("lint"), []))
    await session.start()
    yield session
    await session.close()


@pytest.fixture
def prove(bench_session: Session) -> Prove:
    """Proves a body; `change` replaces one piece of the exercise that follows it, None = none."""

    async def run(
        before: str = "",
        change: tuple[str, str] | None = ("", ""),
        after: str = "",
        seeds: int = 2,
        mutants: int = 0,
    ) -> Proof:
        exercise = ""
        if change is not None:
            assert change[0] in EXERCISE
            exercise = EXERCISE.replace(*change)
        text = f"{FRONT}Text.\n\n{before}\n\n{exercise}\n\n{after}\n"
        lesson = parse_lesson(text, Path("one.md"))
        return await prove_lesson(bench_session, lesson, range(seeds), mutants)

    return run


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A pack of two lessons, copies of the example."""
    root = tmp_path / "pack"
    (root / "first").mkdir(parents=True)
    manifest = (EXAMPLE / "pack.toml").read_text()
    (root / "pack.toml").write_text(manifest.replace('"first/rows"', '"first/rows", "first/more"'))
    for name in ("rows", "more"):
        text = (EXAMPLE / "first" / "rows.md").read_text().replace("first/rows", f"first/{name}")
        (root / "first" / f"{name}.md").write_text(text)
    return root


@pytest.fixture
def front() -> str:
    return FRONT


@pytest.fixture
def exercise() -> str:
    return EXERCISE
