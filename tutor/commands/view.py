"""`torch-tutor view FILE`: the panels of a run that was saved."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from tutor.commands.errors import CommandError

DESCRIPTION = "Shows the record of a run that `torch-tutor run --save FILE` kept. Nothing is run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the record")
    parser.add_argument(
        "--plain", action="store_true", help="output and summary as text, without the full screen"
    )


def run(args: argparse.Namespace) -> int:
    """Show the record; returns 0, or 2 when the file cannot be shown."""
    from tutor.script.record import RecordError, load

    try:
        record = load(args.file)
    except RecordError as error:
        raise CommandError(str(error), code=2) from None
    on_screen = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if args.plain or not on_screen:
        _print(record)
        return 0
    from tutor.commands.course import open_settings
    from tutor.commands.leaving import show
    from tutor.commands.open import known_theme
    from tutor.paths import paths
    from tutor.script.recorded import RecordedSession
    from tutor.ui.script_app import ScriptApp

    where = paths()
    settings = open_settings(where).settings
    app = ScriptApp(
        RecordedSession(record.snapshot),
        record.block,
        title=" ".join((record.block, *record.arguments)),
        saved=record.saved,
    )
    if settings.theme:
        app.theme = known_theme(settings.theme, app.available_themes, where.settings)
    app.animation_level = "full" if settings.animation else "none"
    signalled = asyncio.run(show(app))
    return signalled or app.return_code or 0


def _print(record) -> None:
    from tutor.script.ending import ending_of
    from tutor.script.summary import summary_lines

    run = record.snapshot.runs.get(record.block)
    print(f"{record.script} {' '.join(record.arguments)}".rstrip() + f"  saved {record.saved}")
    if run is None:
        return
    for line in run.output.lines:
        print(line.text)
    print(
        "\n".join(
            ["", str(ending_of(record.block, run) or ""), *summary_lines(record.snapshot, run)]
        )
    )
