"""`torch-tutor lint`: prove that a course's solutions pass and its wrong answers fail."""

from __future__ import annotations

import argparse
from pathlib import Path

from tutor.commands.arguments import whole_number

DESCRIPTION = (
    "Look over lessons and prove them: every cell prints its reference output, every solution "
    "passes, every starter and every wrong answer fails with the feedback written for it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "what",
        nargs="*",
        metavar="PACK or LESSON",
        help="folders of courses, lesson files, or lesson ids like tensors/create and tensors/*; "
        "everything that is installed when left out",
    )
    parser.add_argument(
        "--seeds",
        type=whole_number(0, 1000),
        default=20,
        metavar="N",
        help="sets of random inputs that each check is tried with (default 20); 0 runs nothing",
    )
    parser.add_argument(
        "--jobs",
        type=whole_number(1, 256),
        default=0,
        metavar="N",
        help="lessons proved at the same time (default: one a processor)",
    )
    parser.add_argument(
        "--changed",
        action="store_true",
        help="leave out lessons that were proved clean and have not changed since",
    )
    parser.add_argument(
        "--topics",
        action="store_true",
        help="write the table of topics into the README.md beside the course, and nothing else",
    )
    parser.add_argument(
        "--accept-ids",
        action="store_true",
        help="record the ids of lessons and blocks as they are now, and nothing else",
    )


def run(args: argparse.Namespace) -> int:
    """Returns 0 without errors, 1 with errors, 2 when there was nothing to lint."""
    from tutor.lint.command import run_lint

    paths, lessons = split(args.what)
    if args.topics or args.accept_ids:
        from tutor.lint.writing import accept_ids, write_topics

        return max(
            write_topics(paths) if args.topics else 0, accept_ids(paths) if args.accept_ids else 0
        )
    if args.seeds and paths:
        _need_trust(paths)
    return run_lint(paths, seeds=args.seeds, only=lessons, workers=args.jobs, changed=args.changed)


def _need_trust(paths: list[Path]) -> None:
    """Proving a course runs its code. Raises CommandError."""
    from tutor.commands.course import open_settings
    from tutor.commands.trust import need_trust
    from tutor.paths import paths as our_paths

    where = our_paths()
    policy = open_settings(where).settings.third_party
    for path in filter(Path.exists, paths):
        need_trust(path.name, path, policy, where.settings)


def split(words: list[str]) -> tuple[list[Path], list[str]]:
    """Files and folders, and lesson ids or patterns. What exists, or looks like a path, is one."""
    paths: list[Path] = []
    lessons: list[str] = []
    for word in words:
        path = Path(word).expanduser()
        like_a_path = path.is_absolute() or word.startswith(".") or word.endswith((".md", "/"))
        if path.exists() or like_a_path:
            paths.append(path)
        else:
            lessons.append(word)
    return paths, lessons
