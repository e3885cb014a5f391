"""A fresh real worker for every test, forked from one warm template."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.children import Child, Template


@pytest.fixture(scope="session")
def training_template() -> Iterator[Template]:
    warm = Template()
    yield warm
    warm.close()


@pytest.fixture
def learner(training_template: Template) -> Iterator[Child]:
    child = training_template.start("worker")
    yield child
    child.close()
