"""The five attacks of the self-test are refused where something confines, and reach their goal
where nothing does, and it says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sandbox.boxes import Box
from tutor.session.api import SessionError
from tutor.session.selftest import NAMES, self_test, trials


async def test_every_attack_is_told_as_it_went(any_box: Box) -> None:
    before = set(os.listdir(Path.home()))  # noqa: PTH208
    told = await self_test(any_box.zygote)
    assert tuple(trial.name for trial in told) == NAMES
    for trial in told:
        assert trial.denied is any_box.confined, trial
        assert trial.how
    assert set(os.listdir(Path.home())) == before  # noqa: PTH208
    assert any_box.outside.victim_lives


def test_a_report_is_not_believed_over_the_file_that_is_there() -> None:
    report = 'selftest:[[true,"no"],[true,"no"],[true,"no"],[true,"no"],[true,"no"]]'
    assert all(trial.denied for trial in trials(report, written=False))
    assert not trials(report, written=True)[1].denied


def test_half_a_report_is_none() -> None:
    for told in ("", "selftest:", 'selftest:[[true,"no"]]', "selftest:7"):
        with pytest.raises(SessionError, match="did not say"):
            trials(told, written=False)
