"""Real workers, forked from one warm template."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.children import Child, Template


@pytest.fixture(scope="module")
def worker() -> Iterator[Child]:
    template = Template()
    child = template.start("worker")
    yield child
    child.close()
    template.close()
