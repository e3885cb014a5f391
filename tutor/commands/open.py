"""`torch-tutor [LESSON]`: the app itself."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from typing import TYPE_CHECKING

from tutor.commands.arguments import add_device, add_pack
from tutor.commands.errors import CommandError

if TYPE_CHECKING:
    from tutor.course.model import Pack

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
    from tutor.commands.course import open_pack, open_progress, open_settings, session_settings
    from tutor.commands.pace import at_pace
    from tutor.paths import paths
    from tutor.session.session import Session

    where = paths()
    loaded = open_settings(where)
    pack = at_pace(open_pack(args.pack), loaded.settings.time_factor)
    lesson = find_lesson(pack, args.lesson)
    session = Session(session_settings(where, loaded.settings, pack, args.device))
    progress = open_progress(where, pack)
    try:
        from tutor.ui.app import TutorApp

        app = TutorApp(session, pack, progress, open_lesson=lesson)
        if loaded.settings.theme:
            _set_theme(app, loaded.settings.theme, str(where.settings))
        app.animation_level = "full" if loaded.settings.animation else "none"
        app.run()
    finally:
        progress.close()
    for sentence in (*loaded.warnings, progress.notice):
        if sentence:
            print(sentence, file=sys.stderr)
    return app.return_code or 0


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


def _set_theme(app: object, theme: str, file: str) -> None:
    known = sorted(app.available_themes)  # type: ignore[attr-defined]
    if theme not in known:
        raise CommandError(
            f"{file}: there is no theme {theme!r}.", f"There are: {', '.join(known)}.", code=2
        )
    app.theme = theme  # type: ignore[attr-defined]
