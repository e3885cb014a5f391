"""Units on the left, the lessons of the highlighted unit on the right, with how each stands."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from tutor.course.model import Lesson, Pack, Unit
from tutor.progress.model import LessonProgress
from tutor.ui.marks import Tally, lesson_tally, unit_tally
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.plain import plain

Progress = Callable[[str], LessonProgress]

_BAR_FROM = 40
_BAR = 10
_STYLES = {"new": "$text-muted", "started": "$text-warning", "done": "$text-success"}
_WORDS = {"new": "new", "started": "begun", "done": "done"}


class CourseMap(Horizontal):
    """Posts `LessonChosen`. Enter on a unit goes to its lessons; Left and Right change sides."""

    class LessonChosen(Message):
        """The learner wants to open a lesson."""

        def __init__(self, lesson: str) -> None:
            super().__init__()
            self.lesson = lesson

    def __init__(self, pack: Pack, progress: Progress) -> None:
        super().__init__()
        self._pack = pack
        self._progress = progress
        self._unit = 0

    def compose(self) -> ComposeResult:
        yield OptionList(id="units")
        yield OptionList(id="lessons")

    def on_mount(self) -> None:
        self.units.border_title = plain("Units")

    @property
    def units(self) -> OptionList:
        return self.query_one("#units", OptionList)

    @property
    def lessons(self) -> OptionList:
        return self.query_one("#lessons", OptionList)

    def show(self, lesson: str = "") -> None:
        """Draw everything anew; `lesson` is highlighted when it is given."""
        units = self._pack.units
        if lesson:
            self._unit = next(
                (n for n, unit in enumerate(units) if any(x.id == lesson for x in unit.lessons)), 0
            )
        width = self._width(self.units)
        _fill(
            self.units,
            [unit_line(unit, unit_tally(unit, self._progress), width) for unit in units],
            self._unit,
        )
        self._show_lessons(lesson)

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def _show_lessons(self, lesson: str = "") -> None:
        if not self._pack.units:
            return
        unit = self._pack.units[self._unit]
        width = self._width(self.lessons)
        at = next((n for n, other in enumerate(unit.lessons) if other.id == lesson), None)
        if at is None:
            at = self.lessons.highlighted or 0
        lines = [
            lesson_line(other, lesson_tally(other, self._progress(other.id)), width)
            for other in unit.lessons
        ]
        _fill(self.lessons, lines, min(at, len(lines) - 1))
        count = len(unit.lessons)
        self.lessons.border_title = plain(unit.title)
        self.lessons.border_subtitle = plain(
            f"{count} lesson{'s' * (count != 1)} · {unit.minutes} min"
        )

    @on(OptionList.OptionHighlighted, "#units")
    def _unit_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index != self._unit:
            self._unit = event.option_index
            self.lessons.highlighted = None
            self._show_lessons()

    @on(OptionList.OptionSelected, "#units")
    def _unit_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.lessons.focus()

    @on(OptionList.OptionSelected, "#lessons")
    def _lesson_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        unit = self._pack.units[self._unit]
        self.post_message(self.LessonChosen(unit.lessons[event.option_index].id))

    @staticmethod
    def _width(options: OptionList) -> int:
        return max(10, options.scrollable_content_region.width - 2)


def unit_line(unit: Unit, tally: Tally, width: int) -> Content:
    """`◐ Tensors   5/7  ███████░░░`, without the bar where there is no room."""
    right = f"{tally.done}/{tally.tasks}"
    return _line(tally, unit.title, right, width, bar=width >= _BAR_FROM)


def lesson_line(lesson: Lesson, tally: Tally, width: int) -> Content:
    """`◐ Broadcasting   ██████░░░░  3/7  18 min`; the word of the state where there is room,
    and before it that the lesson is a project."""
    right = f"{tally.done}/{tally.tasks}  {lesson.minutes:>2} min"
    if width >= _BAR_FROM:
        kind = "project  " if lesson.project else ""
        right = f"{kind}{_WORDS[tally.state]:<5}  {right}"
    return _line(tally, lesson.title, right, width, bar=width >= _BAR_FROM + 14)


def _line(tally: Tally, title: str, right: str, width: int, *, bar: bool) -> Content:
    style = _STYLES[tally.state]
    tail = Content(f"  {right}")
    if bar:
        full = round(_BAR * tally.done / tally.tasks) if tally.tasks else 0
        tail = Content.assemble(
            "  ", ("█" * full, style), ("░" * (_BAR - full), "$text-muted"), tail
        )
    room = max(4, width - tail.cell_length - 2)
    name = plain(cut(title, room))
    gap = " " * (room - name.cell_length)
    return Content.assemble((tally.glyph, style), " ", name, gap, tail)


def _fill(options: OptionList, lines: list[Content], at: int) -> None:
    if options.option_count == len(lines):
        for index, line in enumerate(lines):
            options.replace_option_prompt_at_index(index, line)
    else:
        options.clear_options()
        options.add_options(lines)
    if lines and options.highlighted != at:
        options.highlighted = max(0, at)
