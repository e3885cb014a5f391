"""What each kind of process may do: a pure function of the computer, the settings and the role."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import msgspec

from tutor.sandbox.isolation import Layers, View
from tutor.sandbox.paths import DEVICES_TREE
from tutor.wire.control import Policy, Role

GIB = 1 << 30
NO_HOME = "/nonexistent"
# A folder that exists: torch's optimizers make sure of it on import, and a grader writes nothing.
_NO_CACHE = {"TORCHINDUCTOR_CACHE_DIR": "/", "TRITON_CACHE_DIR": "/"}
_INHERITED = (
    *("LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "ROCM_PATH", "HIP_VISIBLE_DEVICES"),
    *("HSA_OVERRIDE_GFX_VERSION", "ZE_AFFINITY_MASK", "TZ"),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What was found out before the first process starts. Paths are absolute and real."""

    layers: Layers
    scratch: str
    read: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    assets: str = ""
    """Folder of the course's data, "" where it has none."""
    listed: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    """Besides `scratch`."""
    internet: bool = False
    devices: tuple[str, ...] = ()
    python: str = "/usr/bin/python3"
    import_root: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    """The app's own environment, of which a few names are passed on."""
    threads: int = 1
    cores: int = 1
    memory: int = 0
    """Bytes that a worker and its children may use; 0 = not known."""
    processes: int = 256
    """At once, of one worker."""
    disk: int = 2 * GIB
    """Bytes that the scratch folder may hold."""
    file_bytes: int = GIB // 2


def view(ground: Ground) -> View:
    """What the outer layer shows."""
    return View(
        read=(*ground.read, *DEVICES_TREE),
        write=(ground.scratch, *ground.write),
        hidden=ground.hidden,
        device_files=ground.devices,
        network=ground.internet,
    )


def build_policy(
    role: Role, ground: Ground, tasks: int = 0, temporary: str = "", **overrides: Any
) -> Policy:
    """The rules for one process. `tasks`: threads of this user now, where they count against the
    limit. `temporary`: its folder for temporary files. `overrides` replace fields of the policy,
    e.g. `network`, `device`.

    Raises:
        TypeError: a name in `overrides` is no field.
    """
    sealed = ground.layers.outer in ("bubblewrap", "namespaces")
    learner = role == "worker"
    write: tuple[str, ...] = ()
    if learner:
        write = (ground.scratch, *ground.write, *(("/dev/shm",) if sealed else ()))
    processes = ground.processes + 4 * ground.cores + (0 if sealed else tasks)
    policy = Policy(
        read=(*ground.read, *DEVICES_TREE, "/proc"),
        write=write,
        list_only=ground.listed if learner else (),
        hidden=ground.hidden,
        assets=ground.assets if learner else "",
        device_files=ground.devices if role != "grader" else (),
        cwd=ground.scratch if learner else "/",
        environment={**environment(ground, temporary), **(_NO_CACHE if role == "grader" else {})},
        file_bytes=ground.file_bytes,
        processes=processes,
        threads=ground.threads,
        landlock=ground.layers.landlock > 0,
        seccomp=ground.layers.seccomp,
        private=role == "grader",
        own_pids=sealed,
    )
    policy = msgspec.structs.replace(policy, **overrides)
    if learner and "data_bytes" not in overrides and not _may_use_gpu(policy):
        policy = msgspec.structs.replace(policy, data_bytes=ground.memory)
    return policy


def _may_use_gpu(policy: Policy) -> bool:
    """Drivers map far more than they use, so the data segment is then not limited."""
    kind = policy.device.partition(":")[0]
    return kind != "cpu" and bool(kind or policy.device_files)


def environment(ground: Ground, temporary: str = "") -> dict[str, str]:
    """All variables that a child has; nothing of the learner's own environment leaks in."""
    scratch = ground.scratch
    cache = f"{scratch}/.cache"
    threads = str(ground.threads)
    return {
        "PATH": f"{PurePath(ground.python).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": scratch,
        "USER": "learner",
        "LOGNAME": "learner",
        "LANG": "C.UTF-8",
        "TMPDIR": temporary or f"{scratch}/.tmp",
        "XDG_CACHE_HOME": cache,
        "MPLCONFIGDIR": f"{cache}/matplotlib",
        "MPLBACKEND": "Agg",
        "TORCHINDUCTOR_CACHE_DIR": f"{cache}/inductor",
        "TRITON_CACHE_DIR": f"{cache}/triton",
        "GLOO_SOCKET_IFNAME": "lo",
        "KINETO_LOG_LEVEL": "99",  # else each profile reports its start and its end
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": threads,
        **_passed_on(ground),
        **ground.variables,
    }


def zygote_environment(ground: Ground) -> dict[str, str]:
    """Variables of the warm process itself: every thread pool is kept from starting, because
    a process with threads cannot be forked. Its home is not the scratch folder, from which it
    would run what learner code left there, with more rights than that code had."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": NO_HOME,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **_passed_on(ground),
        **ground.variables,
    }


def _passed_on(ground: Ground) -> dict[str, str]:
    return {name: ground.outside[name] for name in _INHERITED if name in ground.outside}
