"""The course as frozen data: Pack → Unit → Lesson → Step → Block.

A block is prose, a cell, an exercise or a quiz question. Everything that a learner's progress
refers to has a stable id that survives edits and moves; positions are never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the author's files something was written. `line` counts from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Prose:
    """CommonMark with tables and GitHub callouts; may hold fences without a directive."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Output:
    """The reference output of a cell, compared by the lint as `match` says."""

    text: str
    match: Literal["exact", "shape", "regex", "none"]
    place: Place


@dataclass(frozen=True, slots=True)
class Cell:
    """Runnable code; the value of its last expression is shown."""

    id: str
    source: str
    place: Place
    output: Output | None = None
    panel: str = ""
    """Panel to bring to the front, "" = leave as it is."""
    expect: str = ""
    """Name of the exception this cell is meant to raise."""
    timeout: float = 60.0
    """Wall-clock limit in seconds."""
    network: Literal["none", "loopback"] = "none"
    requires: tuple[str, ...] = ()
    """Optional packages without which only the reference output is shown."""
    ranks: int = 0
    """Run its `main(rank, world)` on that many ranks; 0 = an ordinary cell."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer the author wrote to test the check: right, or wrong with its feedback."""

    source: str
    place: Place
    feedback: str = ""
    """What the learner must read (a part of it); "" for right answers."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task with starter code, a check that runs in the grader, hints and a solution."""

    id: str
    title: str
    starter: str
    checks: str
    """Python source; each top-level function `check…(s)` is one check, in order."""
    checks_place: Place
    solution: str
    learnt: str
    """One or two sentences shown after a pass."""
    hints: tuple[str, ...]
    place: Place
    wrong: tuple[Attempt, ...] = ()
    right: tuple[Attempt, ...] = ()
    difficulty: int = 1
    minutes: int = 5
    fresh: bool = False
    """Check in a new worker in which the earlier cells are replayed."""
    stretch: bool = False
    timeout: float = 10.0
    panel: str = ""
    network: Literal["none", "loopback"] = "none"
    solution_place: Place | None = None

    @property
    def source(self) -> str:
        return self.starter


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to pick in a question, with what to say to someone who picks it."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True, slots=True)
class Quiz:
    """A question. What an answer is depends on `kind`; see `tutor.course.quiz`.

    choice, multi: the answer is a tuple of indices into `choices`.
    predict, shape, blank: the answer is one text, judged against `accept`, explained by `wrong`.
    parsons: the answer is a tuple of indices into `pieces`, in the order they were put.
    fix: the answer is a line of `code`, from 1, and then an index into `choices`.
    """

    id: str
    kind: str
    prompt: str
    place: Place
    code: str = ""
    choices: tuple[Choice, ...] = ()
    accept: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    explain: str = ""
    lines: tuple[str, ...] = ()
    """parsons: the lines in their order."""
    distractors: tuple[Choice, ...] = ()
    """parsons: lines that belong nowhere."""
    orders: tuple[tuple[int, ...], ...] = ()
    """parsons: every right order as indices into `lines`; the first is that of `lines`."""
    line: int = 0
    """fix: number of the wrong line of `code`, from 1."""
    run: bool = False
    """The lint runs it and holds what comes out against the answer."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """parsons: everything that can be put in place, `lines` first."""
        return (*self.lines, *(distractor.text for distractor in self.distractors))


Block = Prose | Cell | Exercise | Quiz
"""Everything a step is made of."""

Runnable = Cell | Exercise
"""Blocks with an editor."""


@dataclass(frozen=True, slots=True)
class Step:
    """One `##` section, shown on its own. `id` is the slug of its heading, unique in the lesson."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    place: Place

    @property
    def kind(self) -> Literal["read", "run", "exercise", "quiz"]:
        """What the learner mainly does here: the most demanding block decides."""
        kinds = {type(block) for block in self.blocks}
        if Exercise in kinds:
            return "exercise"
        if Quiz in kinds:
            return "quiz"
        return "run" if Cell in kinds else "read"

    def of(self, *types: type) -> Iterator[Block]:
        return (block for block in self.blocks if isinstance(block, types))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Ids of the blocks that count towards completion."""
        return tuple(b.id for b in self.blocks if not isinstance(b, Prose))


@dataclass(frozen=True, slots=True)
class Lesson:
    """One Markdown file."""

    id: str
    """"unit/slug", unique in the pack; equals its path."""
    title: str
    minutes: int
    objectives: tuple[str, ...]
    requires: tuple[str, ...]
    topics: tuple[str, ...]
    """Topics it teaches: "T17", or "T17#id" with the step or block that does."""
    panels: tuple[str, ...]
    steps: tuple[Step, ...]
    path: Path
    digest: str
    """sha256 of the file, so that "updated since you solved it" can be told."""
    project: bool = False
    """A capstone: its exercises are milestones that build on each other in order."""

    def blocks(self) -> Iterator[tuple[Step, Block]]:
        for step in self.steps:
            for block in step.blocks:
                yield step, block

    def block(self, block_id: str) -> Cell | Exercise | Quiz:
        """The block called `block_id`. Raises KeyError."""
        for _, block in self.blocks():
            if not isinstance(block, Prose) and block.id == block_id:
                return block
        raise KeyError(block_id)

    def step_of(self, block_id: str) -> Step:
        """The step that holds `block_id`. Raises KeyError."""
        for step in self.steps:
            if block_id in step.tasks:
                return step
        raise KeyError(block_id)

    def runnables(self) -> tuple[Runnable, ...]:
        """Every block with an editor, in the order in which they are meant to run."""
        return tuple(b for _, b in self.blocks() if isinstance(b, Cell | Exercise))

    @property
    def network(self) -> Literal["none", "loopback"]:
        """What the worker of this lesson may reach: the most that one of its blocks asks for."""
        asked = {block.network for block in self.runnables()}
        return "loopback" if "loopback" in asked else "none"

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task for step in self.steps for task in step.tasks)


@dataclass(frozen=True, slots=True)
class Unit:
    """A group of lessons."""

    id: str
    title: str
    lessons: tuple[Lesson, ...]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class Pack:
    """A course: a folder with `pack.toml`."""

    id: str
    version: str
    title: str
    licence: str
    units: tuple[Unit, ...]
    root: Path
    assets: Path | None = None
    """Folder that cells may read, None when the pack has none."""
    topics_complete: bool = True
    """Whether every topic of its `topics.toml` must be claimed by a lesson."""
    trusted: bool = True
    """False for packs that did not come with torch-tutor."""

    def lessons(self) -> Iterator[Lesson]:
        for unit in self.units:
            yield from unit.lessons

    def lesson(self, lesson_id: str) -> Lesson:
        """The lesson called `lesson_id`. Raises KeyError."""
        for lesson in self.lessons():
            if lesson.id == lesson_id:
                return lesson
        raise KeyError(lesson_id)
