"""The table in the guide that says where each topic is taught: made, put in place, compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tutor.course.body import Heading, split
from tutor.course.errors import Complaints, LessonError
from tutor.course.model import Pack, Place
from tutor.course.topics import Claim, Topic, claims_of

_NOBODY = "–"


def guide_of(pack: Pack) -> Path:
    """The file that may hold the table."""
    return pack.root.parent / "README.md"


def table_finding(pack: Pack, topics: Sequence[Topic]) -> LessonError | None:
    """The table is not what the lessons say now. Nothing where the guide has no place for one."""
    guide = guide_of(pack)
    if not topics or not guide.is_file():
        return None
    text = guide.read_text(encoding="utf-8")
    renewed = with_table(text, pack.id, topic_table(pack, topics))
    if renewed is None or renewed == text:
        return None
    line = text[: text.index(_start(pack.id))].count("\n") + 1
    return LessonError(
        Place(guide, line),
        "the table of topics is not what the lessons say; `torch-tutor lint --topics` renews it",
        "error" if pack.topics_complete else "warning",
    )


def with_table(text: str, pack_id: str, table: str) -> str | None:
    """`text` with `table` between the comments that mark its place; None without such a place."""
    before, start, rest = text.partition(_start(pack_id))
    _, end, after = rest.partition(_end(pack_id))
    if not start or not end:
        return None
    return f"{before}{start}\n\n{table}\n{end}{after}"


def topic_table(pack: Pack, topics: Sequence[Topic]) -> str:
    """Markdown: a heading and a table for each group, each topic with links to where it is."""
    claims: dict[str, list[Claim]] = {}
    for lesson in pack.lessons():
        for claim in claims_of(lesson):
            claims.setdefault(claim.topic, []).append(claim)
    anchors = {
        lesson.id: heading_anchors(lesson.path.read_text(encoding="utf-8-sig"))
        for lesson in pack.lessons()
    }
    lines: list[str] = []
    group = ""
    for topic in topics:
        if topic.group != group:
            group = topic.group
            lines += [f"**{group}**", "", "| | topic | where |", "|---|---|---|"]
        links = [_link(pack, claim, anchors[claim.lesson.id]) for claim in claims.get(topic.id, [])]
        where = "<br>".join(dict.fromkeys(links)) or _NOBODY
        lines.append(f"| {topic.id} | {_cell(topic.title)} | {where} |")
        following = topics[topics.index(topic) + 1 :]
        if not following or following[0].group != group:
            lines.append("")
    return "\n".join(lines)


def heading_anchors(text: str) -> dict[int, str]:
    """Line of a heading → the anchor that a code host gives it."""
    body = split(text.replace("\r\n", "\n"), Complaints(Path("lesson")))
    counts: Counter[str] = Counter()
    found: dict[int, str] = {}
    for piece in body.pieces:
        if isinstance(piece, Heading):
            anchor = anchor_of(body.lines[piece.start] or "")
            again = counts[anchor]
            counts[anchor] += 1
            found[piece.start + 1] = f"{anchor}-{again}" if again else anchor
    return found


def anchor_of(heading: str) -> str:
    """`## The rule: `sum(0)`` → `the-rule-sum0`, as code hosts do it."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lstrip("#").strip().lower())
    return plain.replace(" ", "-")


def _link(pack: Pack, claim: Claim, anchors: dict[int, str]) -> str:
    address = f"{pack.root.name}/{claim.lesson.id}.md"
    if claim.step is None:
        return f"[{_cell(claim.lesson.title)}]({address})"
    words = f"{claim.lesson.title}: {claim.step.title}"
    return f"[{_cell(words)}]({address}#{anchors.get(claim.step.place.line, '')})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("[", "\\[").replace("]", "\\]")


def _start(pack_id: str) -> str:
    return f"<!-- topics of {pack_id}: written by `torch-tutor lint --topics` -->"


def _end(pack_id: str) -> str:
    return f"<!-- end of topics of {pack_id} -->"


def renewed_guides(packs: Iterable[tuple[Pack, Sequence[Topic]]]) -> Iterable[tuple[Path, str]]:
    """Guides with a place for a table → their new text."""
    for pack, topics in packs:
        guide = guide_of(pack)
        if topics and guide.is_file():
            text = with_table(guide.read_text(encoding="utf-8"), pack.id, topic_table(pack, topics))
            if text is not None:
                yield guide, text
