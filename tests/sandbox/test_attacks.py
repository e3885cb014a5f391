"""Attacks by learner code. Each must reach its goal where nothing confines it (or it would prove
nothing), and must miss it in every tier that confines, and leave no trace outside."""

from __future__ import annotations

import pytest

from tests.sandbox.attacks.added import ADDED
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.files import FILES
from tests.sandbox.attacks.network import NETWORK
from tests.sandbox.attacks.processes import PROCESSES
from tests.sandbox.boxes import Box, Run

ATTACKS = (*FILES, *NETWORK, *PROCESSES, *ADDED)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
async def test_an_attack_reaches_its_goal_only_without_a_sandbox(
    any_box: Box, attack: Attack
) -> None:
    await _try(any_box, attack)


@pytest.mark.parametrize("attack", [*NETWORK, *PROCESSES], ids=lambda attack: attack.id)
async def test_an_attack_misses_its_goal_on_older_kernels(older: Box, attack: Attack) -> None:
    await _try(older, attack)


async def _try(attacked: Box, attack: Attack) -> None:
    outside = attacked.outside
    if not attacked.confined and (why := attack.control(outside)):
        pytest.skip(f"no control: {why}")
    outside.reset()
    try:
        run = await attacked.run(_cell(attack), **attack.overrides)
        told = "GOAL True" in run.output
        reached = told and (attack.reached is None or attack.reached(outside))
        assert not run.lost
        assert reached is not attacked.confined, run.failed or run.output
        if attacked.confined:
            assert outside.harm() == []
            _ended_plainly(run)
    finally:
        outside.reset()


def _cell(attack: Attack) -> str:
    return f"goal = False\n{attack.code}\nprint('GOAL', goal)"


def _ended_plainly(run: Run) -> None:
    """With an ordinary error, which a learner could understand, or with none."""
    if run.failed is not None:
        assert run.failed.kind in _ORDINARY, run.failed


_ORDINARY = {
    *("OSError", "PermissionError", "FileNotFoundError", "ProcessLookupError"),
    *("ConnectionRefusedError", "NotADirectoryError", "ChildProcessError", "TimeoutError"),
}


async def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.id for attack in ATTACKS]
    assert len(set(names)) == len(names)
