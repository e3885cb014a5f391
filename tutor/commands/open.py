"""`torch-tutor [LESSON]`: the app itself."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import gc
import os
import sys
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.commands.arguments import add_device, add_pack
from tutor.commands.errors import CommandError

if TYPE_CHECKING:
    from tutor.course.model import Pack
    from tutor.paths import Paths
    from tutor.progress.store import ProgressStore
    from tutor.session.session import Session
    from tutor.settings import Settings

DESCRIPTION = "Learn PyTorch in your terminal: opens the course where you stopped."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "lesson",
        nargs="?",
        default="",
        metavar="LESSON",
        help="open this lesson, such as tensors/create; where you stopped when left out",
    )
    add_device(parser)
    add_pack(parser)


def run(args: argparse.Namespace) -> int:
    """Show the app until the learner quits; returns 0, or 1 when it broke down."""
    need_terminal(sys.stdin.isatty(), sys.stdout.isatty(), os.environ.get("TERM", ""))
    from tutor.commands.course import open_settings
    from tutor.paths import paths

    where = paths()
    loaded = open_settings(where)
    write_default(where.settings)
    course = Course(where, loaded.settings, args.pack, args.device)
    if args.pack is not None:
        from tutor.commands.trust import need_trust

        pack = course.pack
        need_trust(pack.title, pack.root, loaded.settings.third_party, where.settings)
    # A wrong name is said on the command line; without one, the course opens behind the first
    # picture of the screen.
    named = args.lesson or args.pack
    lesson = find_lesson(course.pack, args.lesson) if named else ""
    import asyncio

    from tutor.commands.leaving import show
    from tutor.ui.app import TutorApp

    def load() -> tuple[Session, Pack, ProgressStore]:
        rooms = course.open()
        # What is here now stays to the end. Looking through it would cost every full collection
        # tens of milliseconds, in which the screen stands still.
        gc.freeze()
        if rooms[2].notice:
            app.call_later(
                app.notify, rooms[2].notice, severity="warning", timeout=20, markup=False
            )
        return rooms

    app = TutorApp(
        load=load,
        open_lesson=lesson,
        session_for=course.session,
        reports=where.data / "reports",
    )
    if loaded.settings.theme:
        app.theme = known_theme(loaded.settings.theme, app.available_themes, where.settings)
    app.animation_level = "full" if loaded.settings.animation else "none"
    try:
        signalled = asyncio.run(show(app))
    finally:
        notice = course.close()
    for sentence in (*loaded.warnings, notice):
        if sentence:
            print(sentence, file=sys.stderr)
    return signalled or app.return_code or 0


class Course:
    """The course, the session and the progress of one run of the app, each opened when needed."""

    def __init__(
        self, where: Paths, settings: Settings, folder: Path | None, device: str | None
    ) -> None:
        self._where = where
        self._settings = settings
        self._folder = folder
        self._device = device
        self._progress: ProgressStore | None = None

    @cached_property
    def pack(self) -> Pack:
        """Raises CommandError."""
        from tutor.commands.course import open_pack
        from tutor.commands.pace import at_pace

        pack = open_pack(self._folder, self._where.cache)
        return at_pace(pack, self._settings.time_factor)

    def session(self, device: str = "") -> Session:
        """A session that has not started, on `device`, or on the one that was asked for."""
        from tutor.commands.course import session_settings
        from tutor.session.session import Session

        device = device or self._device or ""
        return Session(session_settings(self._where, self._settings, self.pack, device))

    def open(self) -> tuple[Session, Pack, ProgressStore]:
        """Everything the app needs.

        Raises:
            ValueError: something is missing or broken; says what, and what to do.
        """
        from tutor.progress.store import ProgressStore

        try:
            session = self.session()
        except CommandError as error:
            raise ValueError(f"{error.sentence} {error.advice}") from None
        self._progress = ProgressStore(self._where.progress, self.pack.id)
        return session, self.pack, self._progress

    def close(self) -> str:
        """Put the progress away; what the learner must know of its file, "" when all is well."""
        if self._progress is None:
            return ""
        self._progress.close()
        return self._progress.notice


def need_terminal(stdin: bool, stdout: bool, term: str) -> None:
    """The app draws on a terminal and reads keys from it.

    Raises:
        CommandError: there is none; says what works without.
    """
    if stdin and stdout and term != "dumb":
        return
    if stdin and stdout:
        what = "this terminal calls itself `dumb`, and the app needs one that can place text"
    else:
        what = f"the app needs a terminal, and standard {'output' if stdin else 'input'} is none"
    raise CommandError(
        f"{what}.",
        "`torch-tutor progress` and `torch-tutor doctor` work without one.",
        code=2,
    )


def write_default(config: Path) -> None:
    """A file that names every key, for a learner who has none yet; where it cannot be written,
    there is none."""
    from tutor.paths import atomic_write
    from tutor.settings import default_text

    if not config.exists():
        with contextlib.suppress(OSError):
            atomic_write(config, default_text())


def find_lesson(pack: Pack, wanted: str) -> str:
    """The id of the lesson that `wanted` names: by its id, or by its last part if that is enough.

    Raises:
        CommandError: there is none, or several; names the nearest.
    """
    ids = [lesson.id for lesson in pack.lessons()]
    if not wanted or wanted in ids:
        return wanted
    matching = [lesson_id for lesson_id in ids if lesson_id.rpartition("/")[2] == wanted]
    if len(matching) == 1:
        return matching[0]
    raise CommandError(f"there is no lesson {wanted!r}.", _nearest(wanted, ids, matching), code=2)


def _nearest(wanted: str, ids: list[str], matching: list[str]) -> str:
    from tutor.cli import COMMANDS

    last_parts = {lesson_id.rpartition("/")[2]: lesson_id for lesson_id in ids}
    names = [*ids, *last_parts, *COMMANDS]
    near = matching or difflib.get_close_matches(wanted, names, 3, cutoff=0.6)
    if near:
        readable = dict.fromkeys(last_parts.get(name, name) for name in near)
        return f"Did you mean {' or '.join(readable)}?"
    return "`torch-tutor progress` lists the lessons by title; leave the lesson out to choose one."


def known_theme(name: str, known: Collection[str], file: Path) -> str:
    """`name`, if it is among the `known` themes. Raises CommandError."""
    if name in known:
        return name
    raise CommandError(
        f"{file}: there is no theme {name!r}.", f"There are: {', '.join(sorted(known))}.", code=2
    )
