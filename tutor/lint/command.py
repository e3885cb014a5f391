"""`torch-tutor lint`: find the lessons, look them over, prove them, and say what was found."""

from __future__ import annotations

import asyncio
import fnmatch
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tutor.course.catalogue import find_packs
from tutor.course.errors import LessonError
from tutor.course.lint import lesson_text, lint_lesson, pack_files
from tutor.course.model import Lesson, Place
from tutor.course.pack import MANIFEST, read_pack
from tutor.course.rules.subject import Subject
from tutor.lint.pool import MakeSession, Task, prove_all
from tutor.lint.proof import Proof
from tutor.lint.report import Report, report_lines
from tutor.session.api import SessionError
from tutor.text import sanitize

USAGE = 2
"""Exit code when nothing could be looked at."""


def run_lint(
    paths: Sequence[Path] = (),
    *,
    seeds: int = 3,
    only: Sequence[str] = (),
    workers: int = 0,
    make_session: MakeSession | None = None,
) -> int:
    """Lint packs, folders of packs or lesson files; no path means every pack that is installed.

    seeds: how many different sets of random inputs each check is tried with; 0 looks the files
    over without running anything. only: lesson ids or patterns such as `tensors/*`.
    workers: lessons proved at the same time, 0 = as many as there are processors.
    Returns the exit code: 0 no errors, 1 errors, 2 nothing to lint or no worker.
    """
    began = time.monotonic()
    chosen = choose(paths, only)
    findings = [*chosen.findings, *look_over(chosen.tasks)]
    proofs: list[Proof] = []
    if not chosen.tasks and not findings:
        _say(f"No lesson was found{_asked_for(paths, only)}.")
        return USAGE
    if seeds and chosen.tasks:
        try:
            proofs = _prove(chosen.tasks, seeds, workers or os.cpu_count() or 1, make_session)
        except SessionError as error:
            _say(f"The lessons were not run: {error}")
            return USAGE
    report = Report(
        findings=(*findings, *(finding for proof in proofs for finding in proof.findings)),
        lessons=len(chosen.tasks),
        cells=sum(proof.cells for proof in proofs),
        attempts=sum(proof.attempts for proof in proofs),
        seconds=time.monotonic() - began,
    )
    for line in report_lines(report):
        print(sanitize(line))
    return report.exit_code


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be linted: lessons that parsed, and what is wrong with packs and the others."""

    tasks: tuple[Task, ...]
    findings: tuple[LessonError, ...]


def choose(paths: Sequence[Path], only: Sequence[str] = ()) -> Chosen:
    """The lessons that `paths` and `only` name."""
    tasks: list[Task] = []
    findings: list[LessonError] = []
    for root, files in _packs(paths).items():
        pack, problems = read_pack(root)
        wanted = [
            lesson for lesson in (pack.lessons() if pack else ()) if _wanted(lesson, files, only)
        ]
        tasks += [Task(pack, lesson) for lesson in wanted if pack]
        findings += [problem for problem in problems if _concerns(problem.place, root, files, only)]
    for path in paths:
        if not path.exists():
            findings.append(LessonError(Place(path, 1), "there is no such file or folder"))
    return Chosen(tuple(tasks), tuple(findings))


def look_over(tasks: Sequence[Task]) -> list[LessonError]:
    """The static findings."""
    files: dict[Path, dict[str, frozenset[str]]] = {}
    found: list[LessonError] = []
    for task in tasks:
        around = files.setdefault(task.pack.root, {}) or pack_files(task.pack)
        files[task.pack.root] = around
        found += lint_lesson(Subject(task.lesson, lesson_text(task.lesson), around))
    return found


def _packs(paths: Sequence[Path]) -> dict[Path, frozenset[Path]]:
    """Pack folder → the lesson files asked for in it, none = all."""
    found: dict[Path, frozenset[Path]] = {}
    if not paths:
        return dict.fromkeys(find_packs(), frozenset())
    for path in (path.resolve() for path in paths):
        if path.is_file() and path.name != MANIFEST:
            root = next((p for p in path.parents if (p / MANIFEST).is_file()), path.parent)
            if found.get(root, {path}):
                found[root] = found.get(root, frozenset()) | {path}
        elif path.is_dir() or path.name == MANIFEST:
            folder = path if path.is_dir() else path.parent
            roots = (folder,) if (folder / MANIFEST).is_file() else _below(folder)
            found.update(dict.fromkeys(roots or (folder,), frozenset()))
    return found


def _below(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")))


def _wanted(lesson: Lesson, files: frozenset[Path], only: Sequence[str]) -> bool:
    return (not files or lesson.path.resolve() in files) and _matches(lesson.id, only)


def _matches(lesson_id: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatch.fnmatchcase(lesson_id, pattern) for pattern in only)


def _concerns(place: Place, root: Path, files: frozenset[Path], only: Sequence[str]) -> bool:
    """A problem of the pack file concerns everybody, that of a lesson those who asked for it."""
    if place.file.name == MANIFEST:
        return True
    if files and place.file.resolve() not in files:
        return False
    relative = place.file.resolve().relative_to(root.resolve())
    return _matches(relative.with_suffix("").as_posix(), only)


def _prove(
    tasks: Sequence[Task], seeds: int, workers: int, make_session: MakeSession | None
) -> list[Proof]:
    if make_session is None:
        from tutor.session.session import Session

        make_session = Session
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        row = bar.add_task("starting", total=len(tasks))

        def told(task: Task, proof: Proof) -> None:
            bar.update(row, advance=1, description=task.lesson.id)

        return asyncio.run(
            prove_all(
                tasks, seeds=range(seeds), workers=workers, make_session=make_session, told=told
            )
        )


def _asked_for(paths: Sequence[Path], only: Sequence[str]) -> str:
    asked = [*map(str, paths), *only]
    return f" for {', '.join(asked)}" if asked else ""


def _say(sentence: str) -> None:
    print(sanitize(sentence), file=sys.stderr)
