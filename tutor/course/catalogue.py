"""Where packs lie: beside the code in a checkout, inside the package when installed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

DEFAULT = "pytorch"


def find_packs(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Folders of all packs: those that came with torch-tutor, then those in `extra`.

    An entry of `extra` is a pack, or a folder of packs. The default pack comes first.
    """
    found: dict[Path, None] = {}
    for folder in (lessons_root(), *extra):
        here = folder.resolve()
        inside = sorted(path.parent for path in here.glob("*/pack.toml"))
        inside.sort(key=lambda path: path.name != DEFAULT)
        for root in (here,) if (here / "pack.toml").is_file() else inside:
            found[root] = None
    return tuple(found)


def default_pack() -> Path:
    """Folder of the course that torch-tutor opens. Raises FileNotFoundError when it is lost."""
    root = lessons_root() / DEFAULT
    if not (root / "pack.toml").is_file():
        raise FileNotFoundError(
            f"The lessons were not found in {root}. Install torch-tutor again to get them back."
        )
    return root


def is_shipped(root: Path) -> bool:
    """True for packs that came with torch-tutor, and so are trusted."""
    return root.resolve().is_relative_to(lessons_root().resolve())


def lessons_root() -> Path:
    """Folder of the packs that came with torch-tutor."""
    return _shipped("lessons")


def assets_root() -> Path:
    """Folder of the data sets that came with torch-tutor."""
    return _shipped("assets")


@cache
def _shipped(name: str) -> Path:
    package = Path(str(resources.files("tutor")))
    installed = package / name
    return installed if installed.is_dir() else package.parent / name
