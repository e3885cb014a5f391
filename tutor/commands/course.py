"""The course, the settings and the progress that a command works with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.commands.errors import CommandError
from tutor.settings import Loaded, Settings, SettingsError, load_settings
from tutor.text import sanitize

# Everything else is imported where it is used: the app reads the settings before it paints.
if TYPE_CHECKING:
    from tutor.course.model import Pack
    from tutor.paths import Paths
    from tutor.progress.store import ProgressStore
    from tutor.session.api import SessionSettings


def open_pack(folder: Path | None, cache: Path | None = None) -> Pack:
    """The course in `folder`, torch-tutor's own when None; `cache` makes the next time fast.

    Raises:
        CommandError: there is none, or its files have errors.
    """
    from tutor.course import index
    from tutor.course.catalogue import default_pack
    from tutor.course.errors import CourseError
    from tutor.course.pack import MANIFEST

    if folder is None:
        try:
            folder = default_pack()
        except FileNotFoundError as error:
            raise CommandError(str(error)) from None
    root = folder.expanduser().absolute()
    if not (root / MANIFEST).is_file():
        raise CommandError(
            f"{folder} is no course: it holds no {MANIFEST}.",
            "Give the folder of a course with --pack, or leave --pack out.",
            code=2,
        )
    try:
        return index.open_pack(root, cache)
    except CourseError as error:
        first = sanitize(str(error.problems[0]))
        more = len(error.problems) - 1
        raise CommandError(
            f"the course in {folder} could not be read. {first}"
            + (f" (and {more} more)" if more else ""),
            f"`torch-tutor lint {folder}` lists every problem.",
        ) from None


def open_settings(paths: Paths) -> Loaded:
    """What the learner's config file says.

    Raises:
        CommandError: something in it cannot be used.
    """
    try:
        return load_settings(paths.settings)
    except SettingsError as error:
        raise CommandError(str(error), "Correct it, or delete the line.", code=2) from None


def open_progress(paths: Paths, pack: Pack) -> ProgressStore:
    """The learner's progress in `pack`; what they must know of its file goes to stderr."""
    from tutor.progress.store import ProgressStore

    progress = ProgressStore(paths.progress, pack.id)
    if progress.notice:
        print(progress.notice, file=sys.stderr)
    return progress


def session_settings(
    paths: Paths, settings: Settings, pack: Pack | None, device: str | None = None
) -> SessionSettings:
    """How to start the learner's session: what it may read, write and spend.

    Raises:
        CommandError: its scratch folder cannot be made.
    """
    from tutor.course.catalogue import lessons_root
    from tutor.session.api import SessionSettings

    scratch = paths.scratch(pack.id if pack else "doctor")
    try:
        scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the scratch folder {scratch} could not be made ({error.strerror}).",
            "Make the folder writable, or name another with TORCH_TUTOR_HOME.",
        ) from None
    assets = pack.assets.resolve() if pack and pack.assets else None
    secret = {lessons_root().resolve(), *([pack.root.resolve()] if pack else [])}
    hidden = {path for folder in secret for path in all_but(folder, assets)}
    return SessionSettings(
        scratch=scratch.resolve(),
        device=device or settings.device,
        assets=(assets,) if assets else (),
        hidden=(*sorted(hidden), paths.progress.parent.resolve()),
        threads=settings.threads,
        memory_bytes=settings.memory,
        processes=settings.processes,
        disk_bytes=settings.disk,
        file_bytes=settings.file_size,
        output_bytes=settings.output,
    )


def all_but(folder: Path, kept: Path | None) -> tuple[Path, ...]:
    """`folder`; when `kept` lies in it, as few paths as cover everything else in it.

    What is hidden wins over what may be read, so a folder cannot be hidden around its assets.
    """
    if kept is None or not kept.is_relative_to(folder):
        return (folder,)
    if kept == folder:
        return ()
    return tuple(path for child in sorted(folder.iterdir()) for path in all_but(child, kept))
