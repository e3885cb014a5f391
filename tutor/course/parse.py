"""Markdown → Lesson, or every mistake of the file at once, with its line and what is right."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tutor.course.body import Body, Heading, Span, split
from tutor.course.directives import Fence
from tutor.course.errors import Complaints, CourseError, LessonError
from tutor.course.front import Front, read_front
from tutor.course.ids import SHAPE, is_id, slug
from tutor.course.model import Block, Lesson, Place, Prose, Step
from tutor.course.parts import Parts, build_cell, build_exercise, gather
from tutor.course.quiz import read_quiz

__all__ = ["CourseError", "LessonError", "load_lesson", "parse_lesson"]

Piece = Heading | Span | Fence


def load_lesson(path: Path, lesson_id: str = "") -> Lesson:
    """The lesson in the file `path`; `lesson_id` is what its front matter must say, "" = anything.

    Raises:
        CourseError: the file cannot be read, or has mistakes; it names all of them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CourseError(
            [LessonError(Place(path, 1), f"this file cannot be read: {reason}")]
        ) from None
    return parse_lesson(data, path, lesson_id)


def parse_lesson(data: bytes | str, path: Path, lesson_id: str = "") -> Lesson:
    """The lesson in `data`, the content of the file `path`. Raises CourseError, see above."""
    raw = data.encode() if isinstance(data, str) else data
    complaints = Complaints(path)
    text = _decoded(raw, complaints)
    body = split(text, complaints)
    front = _front(body, lesson_id, complaints)
    pieces = list(body.pieces)
    title = _take_title(pieces, complaints)
    fences = [piece for piece in pieces if isinstance(piece, Fence)]
    steps = _steps(pieces, body, gather(fences, complaints), complaints)
    _unique(fences, steps, complaints)
    complaints.raise_any()
    return Lesson(
        id=front.id,
        title=front.title or title,
        minutes=front.minutes,
        objectives=front.objectives,
        requires=front.requires,
        topics=front.topics,
        panels=front.panels,
        steps=steps,
        path=path,
        digest=hashlib.sha256(raw).hexdigest(),
        project=front.project,
    )


def _decoded(raw: bytes, complaints: Complaints) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        complaints.add(line, "this is not UTF-8; save the file in that encoding")
        raise CourseError(complaints.found) from None
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _front(body: Body, lesson_id: str, complaints: Complaints) -> Front:
    if body.front is None:
        complaints.add(1, "the file must begin with front matter between two lines `---`")
        return Front()
    front = read_front(body.front, body.front_line, complaints)
    if lesson_id and front.id and front.id != lesson_id:
        complaints.add(
            body.front_line, f'the id is "{front.id}"; expected the path of the file, "{lesson_id}"'
        )
    return front


def _take_title(pieces: list[Piece], complaints: Complaints) -> str:
    """Remove the `#` heading and return its text; what stands before a `##` stays."""
    titles = [p for p in pieces if isinstance(p, Heading) and p.level == 1]
    if not titles:
        complaints.add(1, "the lesson lacks its title: add a line `# …` below the front matter")
        return ""
    for extra in titles[1:]:
        complaints.add(
            extra.start + 1,
            f"a second `#` heading; the title stands on line {titles[0].start + 1}, "
            "steps begin with `##`",
        )
    for title in titles:
        pieces.remove(title)
    return titles[0].title


def _steps(
    pieces: Sequence[Piece], body: Body, parts: Parts, complaints: Complaints
) -> tuple[Step, ...]:
    starts = [i for i, p in enumerate(pieces) if isinstance(p, Heading) and p.level == 2]
    if not starts:
        complaints.add(len(body.lines), "the lesson has no step; each begins with a line `## …`")
        return ()
    before = pieces[: starts[0]]
    for piece in before:
        if isinstance(piece, Fence):
            complaints.add(piece.line, "this block stands before the first `##`; expected below it")
    steps = []
    for start, end in zip(starts, [*starts[1:], len(pieces)], strict=True):
        heading = pieces[start]
        assert isinstance(heading, Heading)
        # An introduction under the title is read on the first step.
        inside = [*(before if start == starts[0] else ()), *pieces[start + 1 : end]]
        blocks = _blocks(inside, heading, body, parts, complaints)
        place = Place(complaints.path, heading.start + 1)
        if not blocks:
            complaints.add(place.line, f"the step “{heading.title}” is empty")
        steps.append(Step(_step_id(heading, complaints), heading.title, blocks, place))
    return tuple(steps)


def _step_id(heading: Heading, complaints: Complaints) -> str:
    if heading.id and not is_id(heading.id):
        complaints.add(heading.start + 1, f"`{{#{heading.id}}}`: expected {SHAPE}")
    found = heading.id or slug(heading.title)
    if not found and heading.title:
        complaints.add(
            heading.start + 1, "no id can be made of this heading: add one, such as `{#start}`"
        )
    return found


def _blocks(
    pieces: Sequence[Piece], step: Heading, body: Body, parts: Parts, complaints: Complaints
) -> tuple[Block, ...]:
    titles = _exercise_titles(pieces)
    used = {id(heading) for heading in titles.values()}
    blocks: list[Block] = []
    run: list[Heading | Span] = []

    def end_of_prose() -> None:
        if run:
            start, end = run[0].start, run[-1].end
            place = Place(complaints.path, body.first_line(start, end))
            blocks.append(Prose(body.text(start, end), place))
            run.clear()

    for piece in pieces:
        if isinstance(piece, Fence):
            end_of_prose()
            match piece.directive.name:
                case "cell":
                    blocks.append(build_cell(piece, parts, complaints))
                case "exercise":
                    title = titles.get(id(piece), step).title
                    blocks.append(build_exercise(piece, _exercise_title(title), parts, complaints))
                case "quiz":
                    quiz = read_quiz(piece, complaints)
                    blocks.extend([quiz] if quiz else [])
        elif id(piece) in used:
            end_of_prose()
        else:
            if run and run[-1].end != piece.start:
                end_of_prose()
            run.append(piece)
    end_of_prose()
    return tuple(blocks)


def _exercise_titles(pieces: Sequence[Piece]) -> dict[int, Heading]:
    """id() of an exercise's fence → the nearest heading above it in the step, if any."""
    titles: dict[int, Heading] = {}
    nearest: Heading | None = None
    for piece in pieces:
        if isinstance(piece, Heading):
            nearest = piece
        elif isinstance(piece, Fence) and piece.directive.name == "exercise" and nearest:
            titles[id(piece)] = nearest
    return titles


def _exercise_title(heading: str) -> str:
    """`Exercise: standardise the columns` → `standardise the columns`."""
    kind, colon, rest = heading.partition(":")
    return rest.strip() if colon and rest.strip() and kind.lower() == "exercise" else heading


def _unique(fences: Sequence[Fence], steps: Sequence[Step], complaints: Complaints) -> None:
    blocks: dict[str, int] = {}
    for fence in fences:
        if fence.directive.target or not fence.name:
            continue
        if fence.name in blocks:
            complaints.add(
                fence.line, f"the id `{fence.name}` is taken by line {blocks[fence.name]}"
            )
        blocks.setdefault(fence.name, fence.line)
    counts = Counter(step.id for step in steps)
    seen: set[str] = set()
    for step in steps:
        if step.id in seen and counts[step.id] > 1:
            complaints.add(
                step.place.line,
                f"a second step has the id `{step.id}`; give it its own: "
                f"`## {step.title} {{#another-id}}`",
            )
        seen.add(step.id)
