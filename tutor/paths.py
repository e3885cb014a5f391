"""Where torch-tutor keeps its things, and how it writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "TORCH_TUTOR_HOME"
"""Environment variable: one folder for everything, instead of the platform's folders."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of this user; none of them needs to exist."""

    data: Path
    cache: Path
    config: Path

    @property
    def progress(self) -> Path:
        """The progress file. It has its folder for itself, which learner code never sees."""
        return self.data / "progress" / "progress.db"

    @property
    def settings(self) -> Path:
        return self.config / "config.toml"

    def scratch(self, pack_id: str) -> Path:
        """The only folder that learner code of this pack may write to."""
        return self.data / "scratch" / (re.sub(r"[^\w.-]+", "_", pack_id).strip(".") or "pack")


def paths() -> Paths:
    """The folders to use: those of the platform, or all below `TORCH_TUTOR_HOME`."""
    home = os.environ.get(HOME_VARIABLE, "")
    if home:
        base = Path(home).expanduser().absolute()
        return Paths(base / "data", base / "cache", base / "config")
    from platformdirs import PlatformDirs  # only here: not needed to print a version

    folders = PlatformDirs("torch-tutor", appauthor=False)
    return Paths(folders.user_data_path, folders.user_cache_path, folders.user_config_path)


def atomic_write(path: Path, content: str | bytes) -> None:
    """Put `content` at `path`: whoever reads sees all of the old or all of the new.

    Missing folders are made; the file's permissions stay.

    Raises:
        OSError: the folder cannot be written; the old content is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    path = path.resolve()  # behind a symbolic link: replace what it points to, not the link
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mode & 0o7777
    return 0o644
