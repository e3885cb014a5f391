"""The course map: one obvious way to go on, every lesson, and how the worker stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tutor.ui.keys import Where, bindings
from tutor.ui.screens.base import TutorScreen
from tutor.ui.widgets.plain import PlainStatic, plain

if TYPE_CHECKING:
    from tutor.session.snapshot import Snapshot
    from tutor.ui.course_map import CourseMap


class HomeScreen(TutorScreen):
    """Paints a skeleton at once; `furnish` fills it. The focus is on "Continue"."""

    context: Where = "home"
    footer_name = "home"
    BINDINGS: ClassVar[list[BindingType]] = bindings("home")
    furnished = False

    def body(self) -> Iterable[Widget]:
        with Horizontal(classes="top"):
            yield PlainStatic(plain(" torch-tutor", "bold"), id="title")
        with Vertical(id="home"):
            yield PlainStatic("opening the course …", id="opening")

    def on_mount(self) -> None:
        self.app.title = "torch-tutor"

    def contexts(self) -> tuple[Where, ...]:
        return ("home", "app")

    async def furnish(self) -> None:
        """Mount what needs the course and the progress, once both are there."""
        from tutor.ui.continue_card import ContinueCard
        from tutor.ui.course_map import CourseMap
        from tutor.ui.machine import MachineLines
        from tutor.ui.widgets.status import WorkerStatus

        tutor = self.tutor
        self.query_one("#title", PlainStatic).show(
            plain(f" torch-tutor · {tutor.pack.title}", "bold")
        )
        await self.query_one(".top").mount(WorkerStatus(id="worker"))
        home = self.query_one("#home")
        await self.query_one("#opening").remove()
        card = ContinueCard()
        course = CourseMap(tutor.pack, tutor.progress.lesson)
        await home.mount_all([card, course, PlainStatic(id="pace"), MachineLines()])
        self.furnished = True
        card.focus()
        self.renew()
        self.take(tutor.snapshot)

    def on_screen_resume(self) -> None:
        if self.furnished:
            self.renew()
            self.query_one("#continue").focus()

    def renew(self) -> None:
        """Draw the progress as it is now."""
        from tutor.progress.summary import summarize
        from tutor.ui.continue_at import continue_at
        from tutor.ui.continue_card import ContinueCard
        from tutor.ui.pace import pace_line

        tutor = self.tutor
        progress = tutor.progress
        today = date.today()
        pace = pace_line(summarize(tutor.pack.units, progress.lessons(), progress.days(), today))
        line = self.query_one("#pace", PlainStatic)
        line.display = bool(pace)
        line.show(plain(pace, "$text-muted"))
        place = continue_at(tutor.pack, tutor.progress.position(), tutor.progress.lesson)
        self.query_one(ContinueCard).place = place
        self.map.show(place.lesson.id if place else "")

    @property
    def map(self) -> CourseMap:
        from tutor.ui.course_map import CourseMap

        return self.query_one(CourseMap)

    def take(self, snapshot: Snapshot) -> None:
        if not self.furnished:
            return
        from tutor.ui.machine import MachineLines
        from tutor.ui.widgets.status import WorkerStatus

        self.query_one("#worker", WorkerStatus).snapshot = snapshot
        self.query_one(MachineLines).snapshot = snapshot

    def action_lessons(self) -> None:
        if self.furnished:
            self.map.lessons.focus()

    def action_units(self) -> None:
        if self.furnished:
            self.map.units.focus()

    def on_course_map_lesson_chosen(self, event: CourseMap.LessonChosen) -> None:
        event.stop()
        self.tutor.open_lesson(event.lesson)

    def on_continue_card_chosen(self) -> None:
        from tutor.ui.continue_card import ContinueCard

        place = self.query_one(ContinueCard).place
        if place is not None:
            self.tutor.open_lesson(place.lesson.id, place.step.id, place.block)
