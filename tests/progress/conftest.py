"""A store on a fresh file, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.progress.living import Clock
from tutor.progress.store import ProgressStore


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "progress.db"


@pytest.fixture
def window(file: Path, clock: Clock) -> Iterator[Callable[[], ProgressStore]]:
    """Opens a window on the same file, as often as it is called."""
    opened: list[ProgressStore] = []

    def open_window() -> ProgressStore:
        opened.append(ProgressStore(file, "pytorch", clock=clock))
        return opened[-1]

    yield open_window
    for store in opened:
        store.close()


@pytest.fixture
def store(window: Callable[[], ProgressStore]) -> ProgressStore:
    return window()
