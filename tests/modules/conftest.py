"""Fresh real workers for the model tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.children import Child, Template

sys.path.insert(0, str(Path(__file__).parents[1] / "ui_widgets"))


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    warm = Template()
    yield warm
    warm.close()


@pytest.fixture
def worker(template: Template) -> Iterator[Child]:
    child = template.start("worker")
    yield child
    child.close()
