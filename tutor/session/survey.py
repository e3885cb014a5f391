"""Looks at this computer once, before the first process starts, and makes the scratch folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tutor.sandbox.isolation import Layers
from tutor.sandbox.paths import gpu_devices, import_root, python_environment, python_paths
from tutor.session import machine, temporary
from tutor.session.api import SessionSettings
from tutor.session.policy import Ground
from tutor.session.spending import Means, decide


def survey(settings: SessionSettings, layers: Layers) -> Ground:
    """Everything that policies are made of. The scratch folder belongs to this user alone
    (mode 0700); temporary files of an earlier session are removed."""
    scratch = Path(os.path.realpath(settings.scratch))
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.chmod(0o700)
    temporary.prepare(str(scratch), ".cache")
    means = means_of(scratch)
    spending = decide(settings, means)
    return Ground(
        layers=layers,
        scratch=str(scratch),
        read=(*python_paths(), *map(os.path.realpath, settings.assets)),
        assets=os.path.realpath(settings.assets[0]) if settings.assets else "",
        hidden=tuple(map(os.path.realpath, settings.hidden)),
        listed=tuple(map(os.path.realpath, settings.listed)),
        write=tuple(map(os.path.realpath, settings.writable)),
        internet=settings.internet,
        devices=gpu_devices(),
        python=sys.executable,
        import_root=import_root(),
        variables={**python_environment(), **settings.environment},
        outside=dict(os.environ),
        threads=spending.threads.value,
        cores=means.cores,
        memory=spending.memory.value,
        processes=spending.processes.value,
        disk=spending.disk.value,
        file_bytes=spending.file_size.value,
    )


def means_of(folder: Path) -> Means:
    """What this computer has to spend; `folder` exists on the disk that is asked about."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    return Means(machine.physical_cores(), machine.memory_bytes(), free)
