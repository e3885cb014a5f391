"""`torch-tutor run SCRIPT [ARGS…]`: a script of the learner's own, with every panel."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.commands.arguments import add_device
from tutor.commands.errors import CommandError

if TYPE_CHECKING:
    from tutor.paths import Paths
    from tutor.script.place import Place
    from tutor.session.api import Code, SessionSettings
    from tutor.session.snapshot import Snapshot
    from tutor.settings import Settings

DESCRIPTION = (
    "Runs a script of yours as `python SCRIPT ARGS` would, in the sandbox, with every panel:\n"
    "tensors, graph, gradients, training, model, memory and ranks, and errors explained.\n"
    "The script is not changed, and neither are its results. Options of torch-tutor come\n"
    "before SCRIPT; all that comes behind it is the script's own."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("script", type=Path, metavar="SCRIPT", help="the Python file to run")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="what the script gets"
    )
    parser.add_argument(
        "--allow",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="a file or folder that the script may read and write; can be given several times. "
        "Without it: reading in its own folder, writing in a scratch folder",
    )
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="let it reach other computers. Without it: only ports of its own processes",
    )
    parser.add_argument(
        "--no-sandbox",
        action="store_true",
        help="run it with all your rights: your files, your network, your environment",
    )
    add_device(parser)
    parser.add_argument(
        "--plain",
        action="store_true",
        help="no full screen: the output passes through, at the end stands a summary; also when "
        "standard output is no terminal",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="keep the run's record in FILE, for `torch-tutor view FILE`",
    )


def run(args: argparse.Namespace) -> int:
    """Run the script; returns its exit code, or 2 when it could not be run."""
    from tutor.commands.course import open_settings
    from tutor.paths import paths

    where = paths()
    loaded = open_settings(where)
    for sentence in loaded.warnings:
        print(sentence, file=sys.stderr)
    job = prepared(args, where, loaded.settings)
    on_screen = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if args.plain or not on_screen:
        return asyncio.run(_plain(job))
    return _on_screen(job, loaded.settings, where)


@dataclass(frozen=True, slots=True)
class Job:
    """A script, ready to be run."""

    place: Place
    settings: SessionSettings
    network: str
    sandbox: bool
    save: Path | None

    def code(self) -> Code:
        """The text as it is in the file now. Raises ValueError."""
        from tutor.script.source import read_source
        from tutor.session.api import Code

        source = read_source(Path(self.place.script.path))
        return Code(self.place.block, source, 0.0, self.network, script=self.place.script)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say before it runs."""
        if self.sandbox:
            return self.place.notes
        return ("NO SANDBOX: the script runs with all your rights.", *self.place.notes)

    def record(self, snapshot: Snapshot) -> str:
        """Write the record where it was asked for; says what came of it, "" when nothing was."""
        if self.save is None:
            return ""
        from datetime import datetime

        from tutor import __version__
        from tutor.script.record import Record, save

        script = self.place.script
        saved = datetime.now().astimezone().isoformat(timespec="seconds")
        record = Record(
            script.path,
            self.place.block,
            script.arguments,
            saved,
            __version__,
            snapshot,
            self.notes,
        )
        try:
            save(self.save, record)
        except OSError as error:
            return f"{self.save} could not be written ({error.strerror})."
        return f"The record of the run is in {self.save}."


def prepared(args: argparse.Namespace, where: Paths, settings: Settings) -> Job:
    """Everything that can be wrong is found before anything runs.

    Raises:
        CommandError: a file is missing, or cannot be read or written.
    """
    from tutor.script.place import PlaceError, place_of
    from tutor.script.scratch import scratch_folder
    from tutor.script.settings import script_settings

    private = (where.progress.parent.resolve(),)
    search = [Path(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    try:
        place = place_of(
            args.script,
            args.arguments,
            cwd=Path.cwd(),
            home=Path.home(),
            allowed=args.allow,
            private=private,
            search=search,
            sandbox=not args.no_sandbox,
        )
    except PlaceError as error:
        raise CommandError(error.sentence, error.advice, code=2) from None
    if args.save is not None and not os.access(args.save.absolute().parent, os.W_OK):
        raise CommandError(
            f"--save {args.save}: the folder is missing or cannot be written.",
            "Name another file.",
            code=2,
        )
    try:
        scratch = scratch_folder(where.scratch(place.scratch_name))
    except OSError as error:
        raise CommandError(f"the scratch folder could not be made ({error.strerror}).") from None
    job = Job(
        place,
        script_settings(
            place,
            scratch,
            settings,
            device=args.device or "",
            private=private,
            sandbox=not args.no_sandbox,
            internet=args.allow_network,
        ),
        "internet" if args.allow_network else "loopback",
        not args.no_sandbox,
        args.save,
    )
    try:
        job.code()
    except ValueError as error:
        raise CommandError(str(error), code=2) from None
    return job


async def _plain(job: Job) -> int:
    from tutor.script.ending import ending_of
    from tutor.script.plain import PlainRun, sayer
    from tutor.session.api import SessionError
    from tutor.session.session import Session

    say = sayer()
    for note in job.notes:
        say(note)
    session = Session(job.settings)
    session.reset_for(job.place.block, (job.place.block,), network=job.network)
    plain = PlainRun(session, job.code())
    try:
        run = await plain.run()
        snapshot = session.snapshot
        if session.snapshot.isolation is not None and job.sandbox:
            _weak(snapshot, say)
    except SessionError as error:
        raise CommandError(error.sentence, error.advice) from None
    finally:
        await session.close()
    if plain.signalled or run is None:
        return 128 + plain.signalled if plain.signalled else 1
    ending = ending_of(job.place.block, run)
    assert ending is not None
    from tutor.script.summary import summary_lines

    print("\n".join(["", str(ending), *summary_lines(snapshot, run)]), flush=True)
    if told := job.record(snapshot):
        say(told)
    return ending.code


def _weak(snapshot: Snapshot, say) -> None:
    if snapshot.isolation is not None and snapshot.isolation.tier == "process-only":
        say("NO SANDBOX works on this machine: the script ran with all your rights.")


def _on_screen(job: Job, settings: Settings, where: Paths) -> int:
    from tutor.commands.leaving import show
    from tutor.commands.open import known_theme
    from tutor.script.ending import INTERRUPTED, ending_of
    from tutor.session.session import Session
    from tutor.ui.script_app import ScriptApp

    session = Session(job.settings)
    session.reset_for(job.place.block, (job.place.block,), network=job.network)
    app = ScriptApp(
        session,
        job.place.block,
        job.code,
        title=" ".join((job.place.block, *job.place.script.arguments)),
        notes=job.place.notes,
        warnings=("NETWORK OPEN",) if job.network == "internet" else (),
        record=job.record,
    )
    if settings.theme:
        app.theme = known_theme(settings.theme, app.available_themes, where.settings)
    app.animation_level = "full" if settings.animation else "none"
    signalled = asyncio.run(show(app))
    run = app.last_run
    ending = ending_of(job.place.block, run) if run is not None else None
    if ending is not None:
        print(ending)
    if signalled or app.return_code:
        return signalled or app.return_code or 1
    return ending.code if ending is not None else INTERRUPTED
