"""Drives the app as a learner does, and reads the screen as one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from tutor.ui.app import TutorApp
from tutor.ui.screens.home import HomeScreen
from tutor.ui.screens.lesson import LessonScreen
from tutor.ui.widgets.runnable import RunnableView

W = TypeVar("W", bound=Widget)


class Driver:
    """Keys in, screen text out."""

    def __init__(self, app: TutorApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.expected_troubles = False

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Put `text` into the focused editor, as pasting does."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Return when `condition` holds, looked at after every message the app handles."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"never happened; the screen shows:\n{self.text}")
            await self.pilot.pause()
            await asyncio.sleep(0)

    async def shows(self, *texts: str, timeout: float = 10.0) -> None:
        """Return when each of `texts` is on the screen."""
        await self.until(lambda: all(text in self.text for text in texts), timeout)

    async def step(self, step: str) -> None:
        """Go to a step by its id, as Ctrl+N does one by one."""
        lesson = self.lesson
        while lesson.step_view.step.id != step:
            await self.press("ctrl+n")
            await self.pilot.pause()

    @property
    def lesson(self) -> LessonScreen:
        screen = self.app.screen
        assert isinstance(screen, LessonScreen), screen
        return screen

    @property
    def home(self) -> HomeScreen:
        screen = self.app.screen
        assert isinstance(screen, HomeScreen), screen
        return screen

    def block(self, name: str) -> RunnableView:
        view = self.lesson.step_view.blocks[name]
        assert isinstance(view, RunnableView)
        return view

    def one(self, kind: type[W]) -> W:
        return self.app.screen.query_one(kind)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, row by row."""
        return [strip.text for strip in self.app.screen._compositor.render_strips(self.app.size)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def settled(self, in_lesson: bool) -> bool:
        """The first screen is complete."""
        if in_lesson:
            stack = self.app.screen_stack
            return any(isinstance(screen, LessonScreen) and screen._steps for screen in stack)
        screen = self.app.screen
        return not isinstance(screen, HomeScreen) or screen.furnished
