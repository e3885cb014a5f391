"""Fresh real workers for the model tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.children import Child, Template


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
