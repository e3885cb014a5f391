"""Which files Python, torch and a lesson need, and how to leave the hidden ones out."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import tutor

SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/gnu/store"),
    *("/opt/rocm", "/opt/intel", "/usr/lib/wsl"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/localtime"),
    *("/etc/fonts", "/etc/OpenCL", "/etc/vulkan", "/etc/ssl/openssl.cnf"),
)
DEVICES_TREE = (
    *("/sys/devices", "/sys/bus/pci", "/sys/class/net", "/sys/class/drm", "/sys/class/kfd"),
    *("/sys/module/nvidia", "/sys/module/amdgpu"),
)
PLAIN_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_GPU = (
    *("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-caps"),
    *("/dev/kfd", "/dev/dri", "/dev/dxg"),
)
_PACKAGES = ("torch", "numpy", "msgspec", "matplotlib")
_INSTALLED = ("site-packages", "dist-packages")


def python_paths() -> tuple[str, ...]:
    """Folders and files that a Python with torch reads, none inside another. Where one is known
    by a name that leads through a link, both names are in.

    The folder of `tutor` is among them, its parent is not unless packages are installed there:
    in a checkout, or in a folder of the learner, other files stay private.
    """
    found = [sys.prefix, sys.base_prefix, sys.exec_prefix, Path(sys.executable).parent]
    found += [entry for entry in sys.path if Path(entry).name in _INSTALLED]
    found += tutor.__path__
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is not None:
            found += spec.submodule_search_locations or ()
    private = {os.path.realpath(path) for path in ("/", "/home", Path.home())}
    allowed = [str(path) for path in found if os.path.realpath(path) not in private]
    return outermost([*allowed, *map(os.path.realpath, allowed), *SYSTEM])


def python_environment() -> dict[str, str]:
    """Variables without which the same packages would not be found."""
    variables = {}
    if site.ENABLE_USER_SITE:
        variables["PYTHONUSERBASE"] = site.getuserbase()
    else:  # or it would be looked for in the scratch folder, which is the home of workers
        variables["PYTHONNOUSERSITE"] = "1"
    if sys.prefix != sys.base_prefix:
        variables["VIRTUAL_ENV"] = sys.prefix
    return variables


def import_root() -> str:
    """The folder to put on the path so that `import tutor` finds this very copy."""
    return os.path.realpath(Path(tutor.__path__[0]).parent)


def gpu_devices() -> tuple[str, ...]:
    """Device files of graphics cards that are there."""
    cards = [f"/dev/nvidia{number}" for number in range(16)]
    return tuple(path for path in (*cards, *_GPU) if Path(path).exists())


def named_by_links(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Split `paths` into real ones that exist, and (name, real path) for names through a link."""
    real: list[str] = []
    links: list[tuple[str, str]] = []
    for path in paths:
        target = os.path.realpath(path)
        if not os.path.lexists(target):
            continue
        real.append(target)
        if target != path:
            links.append((path, target))
    return outermost(real), tuple(links)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that do not lie inside another one of them, in order of length."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: (len(path), path)):
        if not any(_inside(path, folder) for folder in kept):
            kept.append(path)
    return tuple(kept)


def children(folder: str) -> list[str]:
    """Paths in `folder`; none where it cannot be listed."""
    try:
        return [entry.path for entry in os.scandir(folder)]
    except OSError:
        return []


def without(
    readable: Iterable[str],
    hidden: Iterable[str],
    listed: Callable[[str], list[str]] = children,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split `readable` so that nothing `hidden` is in it: (readable paths, folders to list only).

    A folder that contains a hidden path is replaced by its other children; it may still be
    listed, or Python could import nothing from it.
    """
    hidden = tuple(hidden)
    kept: list[str] = []
    list_only: list[str] = []
    todo = list(readable)
    while todo:
        path = todo.pop()
        if any(_inside(path, secret) for secret in hidden):
            continue
        if any(_inside(secret, path) for secret in hidden):
            list_only.append(path)
            todo += listed(path)
        else:
            kept.append(path)
    return tuple(sorted(kept)), tuple(sorted(list_only))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
