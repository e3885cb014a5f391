"""Looks at this computer once, before the first process starts, and makes the scratch folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tutor.sandbox.isolation import Layers
from tutor.sandbox.paths import gpu_devices, import_root, python_environment, python_paths
from tutor.session import machine
from tutor.session.api import SessionSettings
from tutor.session.policy import Ground


def survey(settings: SessionSettings, layers: Layers) -> Ground:
    """Everything that policies are made of. The scratch folder belongs to this user alone
    (mode 0700); temporary files of an earlier session are removed."""
    scratch = Path(os.path.realpath(settings.scratch))
    shutil.rmtree(scratch / ".tmp", ignore_errors=True)
    for folder in (scratch, scratch / ".tmp", scratch / ".cache"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.chmod(0o700)
    cores = machine.physical_cores()
    return Ground(
        layers=layers,
        scratch=str(scratch),
        read=(*python_paths(), *map(os.path.realpath, settings.assets)),
        hidden=tuple(map(os.path.realpath, settings.hidden)),
        devices=gpu_devices(),
        python=sys.executable,
        import_root=import_root(),
        variables={**python_environment(), **settings.environment},
        outside=dict(os.environ),
        threads=settings.threads or machine.default_threads(cores),
        cores=cores,
        memory=settings.memory_bytes or machine.memory_bytes() * 6 // 10,
    )
