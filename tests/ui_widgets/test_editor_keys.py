"""The editor as a learner's fingers meet it."""

from __future__ import annotations

import pytest
from gallery import Host, frame
from textual import events
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Static

from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.runnable import CellView


class KeyHost(Host):
    """Counts the keys that the lesson screen binds; each must reach it out of the editor."""

    KEYS = (
        "f1,f2,f3,f4,f5,f8,f9,f10,f11,f12,ctrl+r,ctrl+j,ctrl+enter,ctrl+g,ctrl+n,ctrl+b,ctrl+o,"
        "ctrl+t,ctrl+l,ctrl+f,ctrl+s"
    )
    BINDINGS = [Binding(key, f"heard('{key}')", show=False) for key in KEYS.split(",")]

    def action_heard(self, key: str) -> None:
        self.heard.append(key)


async def type_text(pilot: Pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)


async def test_every_key_of_the_lesson_screen_passes_through_the_editor() -> None:
    editor = CodeEditor("x = 1", block="a")
    app = KeyHost(editor)
    async with app.run_test() as pilot:
        editor.focus()
        for key in KeyHost.KEYS.split(","):
            await pilot.press(key)
        assert app.heard == KeyHost.KEYS.split(",")
        assert editor.text == "x = 1", "ctrl+j runs, it must not break the line"


async def test_enter_after_a_colon_indents_and_return_dedents() -> None:
    editor = CodeEditor("", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        await type_text(pilot, *"def f(x):", "enter", *"return x", "enter", *"y")
        assert editor.text == "def f(x):\n    return x\ny"


async def test_tab_indents_to_the_next_stop_and_moves_selected_lines() -> None:
    editor = CodeEditor("a\nb\nc", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        await pilot.press("tab")
        assert editor.text.startswith("    a")
        editor.move_cursor((0, 0))
        await type_text(pilot, "shift+down", "shift+down", "tab")
        assert editor.text == "        a\n    b\nc"
        assert editor.selected_text != ""
        await type_text(pilot, "shift+tab")
        assert editor.text == "    a\nb\nc"


async def test_comments_toggle_with_the_key_that_terminals_really_send() -> None:
    editor = CodeEditor("x = 1", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        await pilot.press("ctrl+underscore")
        assert editor.text == "# x = 1"
        await pilot.press("ctrl+slash")
        assert editor.text == "x = 1"


async def test_undo_takes_back_one_step_at_a_time_also_a_replaced_text() -> None:
    editor = CodeEditor("x = 1", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        editor.replace_text("y = 2")
        await type_text(pilot, "ctrl+underscore")
        assert editor.text == "# y = 2"
        await pilot.press("ctrl+z")
        assert editor.text == "y = 2"
        await pilot.press("ctrl+z")
        assert editor.text == "x = 1"
        await pilot.press("ctrl+y")
        assert editor.text == "y = 2"


async def test_backspace_in_the_indentation_removes_a_level() -> None:
    editor = CodeEditor("        x", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        editor.move_cursor((0, 8))
        await pilot.press("backspace")
        assert editor.text == "    x"


async def test_pasted_text_comes_in_without_control_codes_or_tabs() -> None:
    editor = CodeEditor("", block="a")
    app = Host(editor)
    async with app.run_test() as pilot:
        editor.focus()
        await pilot.pause()
        app.post_message(events.Paste("if x:\r\n\ty = '\x1b[31mred\x9b'"))
        await pilot.pause()
        assert editor.text == "if x:\n    y = 'red�'"


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
async def test_pasted_lines_stay_lines_however_the_terminal_ends_them(end: str) -> None:
    editor = CodeEditor("", block="a")
    app = Host(editor)
    async with app.run_test() as pilot:
        editor.focus()
        await pilot.pause()
        app.post_message(events.Paste(end.join(["def f(x):", "    y = x", "", "    return y"])))
        await pilot.pause()
        assert editor.text == "def f(x):\n    y = x\n\n    return y"


async def test_the_page_follows_the_cursor_through_code_that_is_taller_than_the_screen() -> None:
    editor = CodeEditor("\n".join(f"line_{i} = {i}" for i in range(32)), block="a")
    app = Host(VerticalScroll(Static("some prose\n" * 9), editor))
    async with app.run_test(size=(60, 16)) as pilot:
        editor.focus()
        await pilot.press("ctrl+end")
        await pilot.pause()
        assert "line_31" in frame(app)
        assert "line_0 " not in frame(app)
        await pilot.press("ctrl+home")
        await pilot.pause()
        assert "line_0 " in frame(app)


async def test_escape_hands_the_focus_to_the_block_and_enter_goes_back() -> None:
    from exhibits import CELL

    view = CellView(CELL, "x")
    async with Host(view).run_test() as pilot:
        view.focus()
        await pilot.press("enter")
        assert view.editor.has_focus
        await pilot.press("escape")
        assert view.has_focus


async def test_every_change_is_told_with_the_block() -> None:
    editor = CodeEditor("", block="standardise")
    heard: list[tuple[str, str]] = []

    class Listener(Host):
        def on_code_editor_edited(self, event: CodeEditor.Edited) -> None:
            heard.append((event.block, event.text))

    async with Listener(editor).run_test() as pilot:
        editor.focus()
        await type_text(pilot, "a", "b")
        await pilot.pause()
        assert heard == [("standardise", "a"), ("standardise", "ab")]


@pytest.mark.parametrize(("lines", "numbered"), [(5, False), (6, True)])
async def test_line_numbers_come_with_longer_texts(lines: int, numbered: bool) -> None:
    editor = CodeEditor("\n".join("x" * lines), block="a")
    async with Host(editor).run_test():
        assert editor.show_line_numbers is numbered


async def test_the_marked_line_is_underlined_until_the_text_changes() -> None:
    editor = CodeEditor("a = 1\nb = c", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        editor.error_line = 2
        await pilot.pause()
        underlined = [s.text for s in editor.render_line(1) if s.style and s.style.underline]
        assert "".join(underlined).strip() == "b = c"
        assert editor.show_line_numbers, "the message says line 2, so lines must be numbered"
        await pilot.press("x")
        await pilot.pause()
        assert editor.error_line == 0


async def test_the_editor_grows_with_its_text_and_then_scrolls() -> None:
    editor = CodeEditor("x\n" * 3, block="a")
    async with Host(editor).run_test(size=(80, 60)) as pilot:
        assert editor.size.height == 4
        editor.replace_text("x\n" * 99)
        await pilot.pause()
        assert editor.size.height == 40, "taller than any cell of the course"


async def test_a_long_line_wraps_so_that_nothing_is_cut() -> None:
    editor = CodeEditor("value = " + "abcdefgh + " * 9 + "end", block="a")
    app = Host(editor)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert "end" in frame(app)


async def test_the_colours_follow_the_theme() -> None:
    editor = CodeEditor("def f(): pass", block="a")
    app = Host(editor)
    async with app.run_test() as pilot:

        def keyword() -> object:
            styles = [s.style for s in editor.render_line(0) if s.style and "pass" in s.text]
            return styles[0].color

        before = keyword()
        app.theme = "textual-light"
        await pilot.pause()
        assert keyword() != before


async def test_ctrl_home_and_ctrl_end_go_to_both_ends_of_the_text() -> None:
    editor = CodeEditor("first\nsecond\nlast", block="a")
    async with Host(editor).run_test() as pilot:
        editor.focus()
        await pilot.press("ctrl+end", "!")
        await pilot.press("ctrl+home", "?")
        assert editor.text == "?first\nsecond\nlast!"
