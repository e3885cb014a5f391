"""Watching changes nothing: the same file, run by Python alone, ends with the very same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.script.conftest import SAMPLES, code_of, place, printed, run_to_end, session_for

DIGEST = """

import hashlib

_digest = hashlib.sha256()
for _name, _value in sorted(globals().items()):
    if isinstance(_value, torch.nn.Module):
        for _key, _tensor in sorted(_value.state_dict().items()):
            _digest.update(_key.encode() + _tensor.numpy().tobytes())
    elif isinstance(_value, torch.Tensor):
        _digest.update(_name.encode() + _value.detach().numpy().tobytes())
_digest.update(torch.random.get_rng_state().numpy().tobytes())
print("digest", _digest.hexdigest())
"""
"""Put behind a script: one number for every parameter, every tensor and the random state."""


def by_python(script: Path) -> list[str]:
    """What it prints without us."""
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "name", ["plain_loop.py", "gan_two_optimizers.py", "compiled_step.py", "lbfgs_closure.py"]
)
async def test_parameters_and_output_are_bitwise_those_of_python(name: str, tmp_path: Path) -> None:
    script = tmp_path / name
    script.write_text((SAMPLES / name).read_text() + DIGEST)
    alone = by_python(script)
    where = place(script)
    session = session_for(where, tmp_path / "scratch")
    await session.start()
    try:
        snapshot, run = await run_to_end(session, code_of(where))
    finally:
        await session.close()
    assert run.problem is None
    assert snapshot.observed.training.steps > 0, "it was watched"
    watched = printed(run)
    assert watched[-1].startswith("digest ")
    assert watched == alone
