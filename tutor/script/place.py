"""What a script sees of this computer's files, and where it starts."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.wire.messages import Script

MOST_FILES = 300
"""Files that are shown one by one of a folder that is not shown whole."""


class PlaceError(Exception):
    """A path that cannot be used: what is wrong, and what to do."""

    def __init__(self, sentence: str, advice: str = "") -> None:
        super().__init__(f"{sentence} {advice}".strip())
        self.sentence = sentence
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Place:
    """A script and its surroundings. All paths are real ones.

    readable, writable: besides Python and the scratch folder. listed: folders of which only
    single files are readable. notes: what the learner would not expect, one sentence each.
    """

    script: Script
    block: str
    """What the script is called on the screen: its file name."""
    readable: tuple[Path, ...]
    writable: tuple[Path, ...] = ()
    listed: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def scratch_name(self) -> str:
        """A name for its scratch folder: always the same for one file."""
        digest = hashlib.sha256(self.script.path.encode()).hexdigest()[:8]
        return f"script-{Path(self.block).stem}-{digest}"


def place_of(
    path: Path,
    arguments: Sequence[str],
    *,
    cwd: Path,
    home: Path,
    allowed: Iterable[Path] = (),
    private: Iterable[Path] = (),
    search: Iterable[Path] = (),
    sandbox: bool = True,
) -> Place:
    """Decide on a script called `path` from `cwd`. `private` stays out of its reach; `search` are
    further folders of modules, as PYTHONPATH names them. Without a `sandbox` everything is open.

    Raises:
        PlaceError: the script or an allowed path is missing, or it holds a private one.
    """
    file = Path(os.path.realpath(cwd / path))
    if file.is_dir():
        raise PlaceError(f"{path} is a folder.", "Name the script in it.")
    if not file.is_file():
        raise PlaceError(f"there is no file {path}.", "Check the name and the folder you are in.")
    cwd, home = Path(os.path.realpath(cwd)), Path(os.path.realpath(home))
    folder = file.parent
    writable = tuple(_allowed(cwd / wanted, wanted, private) for wanted in allowed)
    modules = tuple(Path(os.path.realpath(entry)) for entry in search)
    if not sandbox:
        script = Script(str(file), tuple(arguments), str(cwd), tuple(map(str, modules)))
        return Place(script, file.name, (folder,), writable)
    readable = [entry for entry in modules if entry.exists()]
    listed: list[Path] = []
    notes: list[str] = []
    if _too_wide(folder, home):
        listed.append(folder)
        readable += _files_in(folder, file)
        notes.append(
            f"{folder} holds more than this script, so of it only the files beside the script "
            "can be read, no folders. --allow FOLDER opens one."
        )
    else:
        readable.append(folder)
    start = cwd
    if folder.is_relative_to(cwd) and not _too_wide(cwd, home):
        readable.append(cwd)
    elif not any(cwd.is_relative_to(place) for place in (*readable, *listed, *writable)):
        start = folder
        notes.append(
            f"The script starts in its own folder, {folder}: where you are, {cwd}, is not open to "
            "it. --allow . opens it."
        )
    return Place(
        script=Script(str(file), tuple(arguments), str(start), tuple(map(str, modules))),
        block=file.name,
        readable=tuple(dict.fromkeys(readable)),
        writable=writable,
        listed=tuple(listed),
        notes=tuple(notes),
    )


def _allowed(path: Path, wanted: Path, private: Iterable[Path]) -> Path:
    real = Path(os.path.realpath(path.expanduser()))
    if not real.exists():
        raise PlaceError(
            f"--allow {wanted}: there is no such file or folder.",
            f"Make it first: mkdir -p {wanted}",
        )
    for secret in map(os.path.realpath, private):
        if real.is_relative_to(secret) or Path(secret).is_relative_to(real):
            raise PlaceError(
                f"--allow {wanted} would open torch-tutor's own progress in {secret}.",
                "Name a folder that does not hold it.",
            )
    return real


def _too_wide(folder: Path, home: Path) -> bool:
    """A home folder, the folder of temporary files, and whatever lies above one of them."""
    roots = (home, Path(os.path.realpath(tempfile.gettempdir())))
    return any(root.is_relative_to(folder) for root in roots)


def _files_in(folder: Path, script: Path) -> list[Path]:
    try:
        found = sorted(
            Path(entry.path)
            for entry in os.scandir(folder)
            if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
        )
    except OSError:
        found = []
    return [script, *(path for path in found if path != script)][:MOST_FILES]
