"""`torch-tutor lint`: find the lessons, look them over, prove them, and say what was found."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tutor.course.errors import LessonError
from tutor.course.lint import lint_lessons, lint_whole
from tutor.course.model import Lesson, Pack, Place
from tutor.course.pack import MANIFEST
from tutor.lint.bench import Proof
from tutor.lint.changed import Clean
from tutor.lint.choosing import Chosen, choose
from tutor.lint.following import following
from tutor.lint.pool import MakeSession, Task, prove_all
from tutor.lint.report import Report, report_lines
from tutor.lint.survival import too_many
from tutor.paths import paths as our_paths
from tutor.session.api import SessionError
from tutor.text import sanitize

USAGE = 2
"""Exit code when nothing could be looked at."""
STOPPED = 130
"""Exit code after Ctrl+C."""
SEEDS = 20


@dataclass(slots=True)
class Proved:
    """What the proofs have said so far; filled while they run, so that Ctrl+C loses nothing."""

    proofs: dict[Path, Proof] = field(default_factory=dict)
    """Lesson file → its proof."""
    known: set[Path] = field(default_factory=set)
    """Those that were proved before, and have not changed since."""
    stopped: bool = False


def run_lint(
    paths: Sequence[Path] = (),
    *,
    seeds: int = SEEDS,
    only: Sequence[str] = (),
    workers: int = 0,
    changed: bool = False,
    make_session: MakeSession | None = None,
) -> int:
    """Lint packs, folders of packs or lesson files; no path means every pack that is installed.

    seeds: how many different sets of random inputs each check is tried with; 0 looks the files
    over without running anything. only: lesson ids or patterns such as `tensors/*`.
    workers: lessons proved at the same time, 0 = as many as there are processors.
    changed: leave out lessons that were proved clean and are the same since.
    Returns the exit code: 0 no errors, 1 errors, 2 nothing to lint or no worker, 130 stopped.
    """
    began = time.monotonic()
    chosen = choose(paths, only)
    findings = [*chosen.findings, *look_over(chosen)]
    if not chosen.tasks and not findings:
        _say(f"No lesson was found{_asked_for(paths, only)}.")
        return USAGE
    proved = Proved()
    if seeds and chosen.tasks:
        try:
            jobs = workers or os.cpu_count() or 1
            _prove(chosen.tasks, seeds, jobs, make_session, changed=changed, proved=proved)
        except SessionError as error:
            _say(f"The lessons were not run: {error}")
            return USAGE
        findings += _of_whole_packs(chosen, proved)
    report = _report(chosen.tasks, findings, proved, time.monotonic() - began)
    for line in report_lines(report):
        print(sanitize(line))
    return STOPPED if proved.stopped else report.exit_code


def look_over(chosen: Chosen) -> list[LessonError]:
    """The static findings."""
    lessons: dict[Path, tuple[Pack, list[Lesson]]] = {}
    for task in chosen.tasks:
        lessons.setdefault(task.pack.root, (task.pack, []))[1].append(task.lesson)
    found = [
        finding for pack, some in lessons.values() for finding in lint_lessons(pack, tuple(some))
    ]
    return [*found, *(finding for pack in chosen.whole for finding in lint_whole(pack))]


def _prove(
    tasks: Sequence[Task],
    seeds: int,
    workers: int,
    make_session: MakeSession | None,
    *,
    changed: bool,
    proved: Proved,
) -> None:
    """Fill `proved`. Raises SessionError."""
    if make_session is None:
        from tutor.session.session import Session

        make_session = Session
    clean = Clean(our_paths().cache / "lint.json")
    waiting: list[Task] = []
    for task in tasks:
        known = clean.proof(task.pack, task.lesson, seeds) if changed else None
        if known is None:
            waiting.append(task)
        else:
            proved.proofs[task.lesson.path] = known
            proved.known.add(task.lesson.path)
    if not waiting:
        return
    with following(len(waiting)) as follower:

        def told(task: Task, proof: Proof) -> None:
            proved.proofs[task.lesson.path] = proof
            clean.keep(task.pack, task.lesson, seeds, proof)
            follower.ended(task, proof)

        work = prove_all(
            waiting,
            seeds=range(seeds),
            workers=workers,
            make_session=make_session,
            began=follower.began,
            told=told,
        )
        try:
            asyncio.run(work)
        except KeyboardInterrupt:
            proved.stopped = True


def _of_whole_packs(chosen: Chosen, proved: Proved) -> list[LessonError]:
    """What can be said only when every lesson of a pack was proved."""
    found: list[LessonError] = []
    for pack in chosen.whole:
        proofs = [proved.proofs.get(lesson.path) for lesson in pack.lessons()]
        whole = [proof for proof in proofs if proof is not None]
        if len(whole) == len(proofs):
            tried = sum(proof.mutants for proof in whole)
            survivors = sum(proof.survivors for proof in whole)
            finding = too_many(tried, survivors, _manifest(pack))
            found += [finding] if finding else []
    return found


def _report(
    tasks: Sequence[Task], findings: Sequence[LessonError], proved: Proved, seconds: float
) -> Report:
    run = [proof for path, proof in proved.proofs.items() if path not in proved.known]
    shown = (finding for proof in proved.proofs.values() for finding in proof.findings)
    return Report(
        findings=(*findings, *shown),
        lessons=len(run) if proved.proofs else len(tasks),
        cells=sum(proof.cells for proof in run),
        attempts=sum(proof.attempts for proof in run),
        mutants=sum(proof.mutants for proof in run),
        survivors=sum(proof.survivors for proof in run),
        unchanged=len(proved.known),
        left=len(tasks) - len(proved.proofs) if proved.stopped else 0,
        seconds=seconds,
    )


def _manifest(pack: Pack) -> Place:
    return Place(pack.root / MANIFEST, 1)


def _asked_for(paths: Sequence[Path], only: Sequence[str]) -> str:
    asked = [*map(str, paths), *only]
    return f" for {', '.join(asked)}" if asked else ""


def _say(sentence: str) -> None:
    print(sanitize(sentence), file=sys.stderr)
