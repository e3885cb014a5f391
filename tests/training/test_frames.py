"""Looking into a frame keeps nothing alive, and leaves the learner's own `locals()` alone."""

from __future__ import annotations

import sys
import weakref

from tutor.worker.observe.training.frames import all_locals, learners_frame, look


class Thing:
    """Something that a weak reference can be made to."""


def test_what_a_variable_held_is_freed_after_a_look() -> None:
    thing = Thing()
    seen = weakref.ref(thing)
    assert look(sys._getframe(), ["thing", "missing", "look"]) == {"thing": thing, "look": look}
    thing = Thing()
    assert seen() is None
    seen = weakref.ref(thing)
    assert all_locals(sys._getframe())["thing"] is thing
    thing = None
    assert seen() is None


def test_the_learners_own_locals_keep_what_they_hold() -> None:
    thing = Thing()
    mine = locals()
    look(sys._getframe(), ["thing"])
    assert mine["thing"] is thing


def test_globals_of_a_cell_are_never_emptied() -> None:
    names = {"look": look, "frame": sys._getframe, "value": 3}
    exec("found = look(frame(), ['value'])", names)
    assert names["found"] == {"value": 3}
    assert names["value"] == 3


def test_the_innermost_frame_of_the_learners_is_found() -> None:
    names = {"find": lambda: learners_frame(sys._getframe(), {"<cell a>"})}
    source = "def inner():\n    return find()\nframe = inner()"
    exec(compile(source, "<cell a>", "exec"), names)
    assert names["frame"].f_code.co_name == "inner"  # type: ignore[attr-defined]
    assert learners_frame(sys._getframe(), {"<cell a>"}) is None
