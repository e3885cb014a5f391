"""How the session of a script starts: what it may read, write, reach and spend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tutor.script.place import Place
from tutor.session.api import SessionSettings
from tutor.settings import Settings

GIB = 1 << 30
_NETWORK_FILES = (
    *("/etc/resolv.conf", "/run/systemd/resolve", "/etc/host.conf", "/etc/gai.conf"),
    *("/etc/services", "/etc/protocols", "/etc/ssl", "/etc/pki", "/etc/ca-certificates"),
)
_OURS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONPATH", "PYTHONHOME")
"""What the warm process decides itself."""
_FILE = 16 * GIB
_PASSED_ON = ("PYTORCH_", "TORCH_", "NCCL_", "GLOO_")


def script_settings(
    place: Place,
    scratch: Path,
    settings: Settings,
    *,
    device: str = "",
    private: tuple[Path, ...] = (),
    sandbox: bool = True,
    internet: bool = False,
    outside: Mapping[str, str] = os.environ,
) -> SessionSettings:
    """What the options of `torch-tutor run` come to. `outside`: the learner's own environment,
    which a script in the sandbox gets little of and one without gets whole."""
    network = tuple(Path(path) for path in _NETWORK_FILES if internet and Path(path).exists())
    beyond = bool(place.writable) or not sandbox
    return SessionSettings(
        scratch=scratch,
        device=device or settings.device,
        assets=(*place.readable, *place.writable, *network),
        hidden=private,
        listed=place.listed,
        writable=place.writable,
        internet=internet,
        threads=settings.threads,
        memory_bytes=settings.memory,
        processes=settings.processes,
        disk_bytes=settings.disk,
        file_bytes=settings.file_size or (_FILE if beyond else 0),
        output_bytes=settings.output,
        tier="" if sandbox else "process-only",
        environment=_environment(outside, sandbox=sandbox),
    )


def _environment(outside: Mapping[str, str], *, sandbox: bool) -> dict[str, str]:
    return {
        name: value
        for name, value in outside.items()
        if name not in _OURS
        and not name.startswith("TORCH_TUTOR_")
        and (not sandbox or name.startswith(_PASSED_ON))
    }
