"""`torch-tutor …`: finds the subcommand and loads only what that one needs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from tutor import __version__
from tutor.commands.errors import CommandError

PROGRAM = "torch-tutor"
COMMANDS = {
    "run": "run a script of your own, with every panel",
    "view": "look again at a run that was saved",
    "progress": "what you have done so far",
    "doctor": "what was found on this machine, and what the sandbox enforces",
    "lint": "prove that a course's solutions pass and its wrong answers fail",
}
INTERRUPTED = 130

_TAKES_VALUE = ("--device", "--pack")
_COMMAND_LIST = "\n".join(f"  {PROGRAM} {name:<9} {text}" for name, text in COMMANDS.items())
_EPILOG = f"other commands (each has its own --help):\n{_COMMAND_LIST}"


def main(words: Sequence[str] | None = None) -> int:
    """Run what the command line asks for.

    Returns the exit code: 0 done, 1 it failed, 2 it was asked for wrongly, 130 for Ctrl+C.
    """
    try:
        code = _run(sys.argv[1:] if words is None else words)
        sys.stdout.flush()
    except CommandError as error:
        print(f"{PROGRAM}: {error.sentence}", file=sys.stderr)
        if error.advice:
            print(error.advice, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "tutor"):
            raise
        print(f"{PROGRAM}: the Python package {package!r} is missing.", file=sys.stderr)
        print("Install torch-tutor again: `pip install torch-tutor`.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def split(words: Sequence[str]) -> tuple[str, list[str]]:
    """The subcommand and its own words; "open", the app, when none is named."""
    value = False
    for at, word in enumerate(words):
        if value or word.startswith("-"):
            value = not value and word in _TAKES_VALUE
        elif word in COMMANDS:
            return word, [*words[:at], *words[at + 1 :]]
        else:
            break
    return "open", list(words)


def _run(words: Sequence[str]) -> int:
    name, rest = split(words)
    command = importlib.import_module(f"tutor.commands.{name}")
    parser = _Parser(
        prog=PROGRAM if name == "open" else f"{PROGRAM} {name}",
        description=command.DESCRIPTION,
        epilog=_EPILOG if name == "open" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    command.add_arguments(parser)
    return command.run(parser.parse_args(rest))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(
            f"{message.rstrip('.')}.", f"`{self.prog} --help` lists what can be asked for.", code=2
        )
