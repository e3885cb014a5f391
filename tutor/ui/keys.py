"""Every key in one table: what binds it, the footer, and the help page all come from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal[
    "app",
    "home",
    "lesson",
    "script",
    "block",
    "editor",
    "quiz",
    "tensors",
    "tree",
    "training",
    "output",
    "reading",
    "tensor",
    "help",
    "dialog",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that keys do. `action` is "" where a widget binds the keys itself."""

    id: str
    keys: str
    """Comma-separated names as Textual knows them; the first one is shown."""
    label: str
    tooltip: str
    where: Where
    action: str = ""
    priority: bool = False

    @property
    def shown(self) -> str:
        """The first key as people write it."""
        return key_text(self.keys.partition(",")[0])

    @property
    def all_shown(self) -> str:
        """All keys, for the help page."""
        return ", ".join(dict.fromkeys(key_text(key) for key in self.keys.split(",")))


KEYS: tuple[Key, ...] = (
    # everywhere
    Key("app.help", "f1,question_mark", "help", "every key that works here", "app", "app.help"),
    Key(
        "app.palette",
        "ctrl+p",
        "commands",
        "find a lesson or a command by name",
        "app",
        "app.command_palette",
        True,
    ),
    Key(
        "app.stop",
        "ctrl+g",
        "stop",
        "interrupt what runs; your variables stay",
        "app",
        "app.interrupt",
        True,
    ),
    Key(
        "app.copy",
        "ctrl+c",
        "copy or stop",
        "copy what is selected; without a selection, interrupt what runs",
        "app",
        "app.copy_or_interrupt",
        True,
    ),
    Key(
        "app.restart",
        "ctrl+l",
        "restart worker",
        "a fresh worker: all names are forgotten, your code stays",
        "app",
        "app.restart_worker",
    ),
    Key("app.quit", "ctrl+q", "quit", "leave; everything is saved", "app", "app.quit", True),
    # course map
    Key("home.go", "enter", "go on", "go on where you stopped, or open the lesson", "home"),
    Key("home.move", "tab", "next list", "from Continue to the units to the lessons", "home"),
    Key("home.search", "slash", "search", "find a lesson by name", "home", "app.command_palette"),
    Key("home.right", "right", "lessons", "from a unit to its lessons", "home", "lessons"),
    Key("home.left", "left", "units", "from the lessons back to the units", "home", "units"),
    # lesson
    Key(
        "lesson.run",
        "f5,ctrl+r,ctrl+j,ctrl+enter",
        "run",
        "run the cell you are in, else the next one of this step",
        "lesson",
        "run",
    ),
    Key(
        "lesson.check",
        "f8,ctrl+s",
        "check",
        "have the exercise of this step judged",
        "lesson",
        "check",
    ),
    Key(
        "lesson.hint",
        "f3,ctrl+f",
        "hint",
        "the next hint; after the last one, the solution",
        "lesson",
        "hint",
    ),
    Key(
        "lesson.inspector",
        "f4",
        "panel",
        "show or hide the panel beside the lesson, or go to it",
        "lesson",
        "inspector",
    ),
    Key(
        "lesson.panel",
        "ctrl+t",
        "next panel",
        "tensors, graph, gradients, training, model and the others, one after the other",
        "lesson",
        "next_panel",
    ),
    Key(
        "lesson.full",
        "f12",
        "full width",
        "give the panel the whole screen, or give it back",
        "lesson",
        "full_panel",
    ),
    Key(
        "lesson.lines",
        "f6",
        "shapes in the code",
        "show or hide what each line made",
        "lesson",
        "lines",
        True,
    ),
    Key("lesson.next", "ctrl+n", "next", "next step", "lesson", "next_step"),
    Key("lesson.previous", "ctrl+o,ctrl+b", "back", "previous step", "lesson", "previous_step"),
    Key("lesson.map", "f2", "map", "back to the course map", "lesson", "map"),
    Key(
        "lesson.reset",
        "f9",
        "reset cell",
        "the author's text again; pressed twice, choose one of your earlier texts",
        "lesson",
        "reset",
    ),
    Key(
        "lesson.above",
        "f10",
        "run all above",
        "run every cell before this one, in order",
        "lesson",
        "run_above",
    ),
    Key(
        "lesson.leave",
        "escape",
        "out",
        "from the editor to its block, from the panel to the step, else to the map",
        "lesson",
        "leave",
    ),
    Key("lesson.tab", "tab", "next block", "go to the next block, editor or panel", "lesson"),
    # a script
    Key("script.run", "f5,ctrl+r", "run again", "run the file as it is now", "script", "run"),
    Key(
        "script.inspector",
        "f4",
        "panel",
        "show or hide the panel beside the script, or go to it",
        "script",
        "inspector",
    ),
    Key(
        "script.panel",
        "ctrl+t",
        "next panel",
        "tensors, graph, gradients, training, model and the others, one after the other",
        "script",
        "next_panel",
    ),
    Key(
        "script.full",
        "f12",
        "full width",
        "give the panel the whole screen, or give it back",
        "script",
        "full_panel",
    ),
    Key(
        "script.lines",
        "f6",
        "shapes in the code",
        "show or hide what each line made",
        "script",
        "lines",
        True,
    ),
    Key(
        "script.output",
        "f2",
        "output",
        "code and output, output alone, code alone",
        "script",
        "output",
    ),
    Key("script.leave", "escape", "out", "from the panel or output to the code", "script", "leave"),
    # a block and what is in it
    Key("block.edit", "enter", "edit", "go into the editor of this block", "block"),
    Key("fold.toggle", "enter,space", "open", "open or close a hint or a traceback", "block"),
    Key("editor.leave", "escape", "leave editor", "from the editor to its block", "editor"),
    Key("editor.indent", "tab", "indent", "indent; Escape first to move on with Tab", "editor"),
    Key("editor.dedent", "shift+tab", "dedent", "take one indentation away", "editor"),
    Key(
        "editor.comment",
        "ctrl+slash,ctrl+underscore",
        "comment",
        "comment lines out and in again",
        "editor",
    ),
    Key("editor.start", "ctrl+home", "first line", "to the first line", "editor"),
    Key("editor.end", "ctrl+end", "last line", "to the last line", "editor"),
    Key("editor.undo", "ctrl+z", "undo", "undo", "editor"),
    Key("editor.redo", "ctrl+y", "redo", "redo", "editor"),
    Key("quiz.up", "up,k", "up", "previous choice", "quiz"),
    Key("quiz.down", "down,j", "down", "next choice", "quiz"),
    Key("quiz.number", "1", "choose", "the number of a choice picks it", "quiz"),
    Key("quiz.choose", "space", "choose", "pick this choice (or take it back)", "quiz"),
    Key("quiz.submit", "enter", "answer", "answer with what is picked", "quiz"),
    Key(
        "quiz.hold",
        "space",
        "take up",
        "of lines to order: take this one up, carry it with ↑ ↓, put it down",
        "quiz",
    ),
    Key("quiz.raise", "alt+up,shift+up", "carry up", "carry this line up", "quiz"),
    Key("quiz.lower", "alt+down,shift+down", "carry down", "carry this line down", "quiz"),
    Key(
        "quiz.aside",
        "x,delete,backspace",
        "put aside",
        "put a line aside that belongs nowhere, or back in place",
        "quiz",
    ),
    Key("tensors.up", "up", "up", "previous tensor", "tensors"),
    Key("tensors.down", "down", "down", "next tensor", "tensors"),
    Key("tensors.page_up", "pageup", "page up", "ten tensors up", "tensors"),
    Key("tensors.page_down", "pagedown", "page down", "ten tensors down", "tensors"),
    Key("tensors.first", "home", "first", "first tensor", "tensors"),
    Key("tensors.last", "end", "last", "last tensor", "tensors"),
    Key("tensors.open", "enter", "open", "see this tensor's values and memory", "tensors"),
    Key("tensors.fold", "left", "fold", "fold the parts of a model or list", "tensors"),
    Key("tensors.unfold", "right", "unfold", "show the parts of a model or list", "tensors"),
    Key("tensors.graph", "g", "graph", "see this tensor's autograd graph", "tensors"),
    Key("tree.up", "up", "up", "previous line of the graph or model", "tree"),
    Key("tree.down", "down", "down", "next line", "tree"),
    Key("tree.fold", "left", "fold", "fold what hangs below, else go one level up", "tree"),
    Key("tree.unfold", "right", "unfold", "unfold, else go into it", "tree"),
    Key("tree.more", "enter", "more", "what this operation or layer does, holds and keeps", "tree"),
    Key("tree.page_up", "pageup", "page up", "ten lines up", "tree"),
    Key("tree.page_down", "pagedown", "page down", "ten lines down", "tree"),
    Key("tree.first", "home", "first", "first line", "tree"),
    Key("tree.last", "end", "last", "last line", "tree"),
    Key("training.log", "l", "log scale", "logarithmic losses, and back", "training"),
    Key("training.earlier", "e", "earlier runs", "show or hide runs before", "training"),
    Key("output.leave", "escape", "leave", "from the output to its block", "output"),
    Key("reading.scroll", "up,down", "scroll", "scroll the step", "reading"),
    Key("reading.enter", "enter", "enter", "go into the first cell or exercise", "reading"),
    Key("reading.page", "pageup,pagedown", "page", "scroll by a page", "reading"),
    # full-screen pages and dialogs
    Key("tensor.back", "escape", "back", "back to the lesson", "tensor", "back"),
    Key("help.back", "escape", "close", "close this page", "help", "back"),
    Key("dialog.yes", "enter", "choose", "press the marked button", "dialog"),
    Key("dialog.no", "escape", "cancel", "leave everything as it is", "dialog", "cancel"),
)

_BY_ID = {key.id: key for key in KEYS}

_FOOTERS: dict[str, tuple[str, ...]] = {
    "home": ("home.go", "home.move", "home.search", "app.palette", "app.quit", "app.help"),
    "read": ("lesson.next", "lesson.previous", "lesson.inspector", "lesson.map", "app.help"),
    "run": (
        "lesson.run",
        "lesson.next",
        "lesson.inspector",
        "app.stop",
        "lesson.map",
        "app.help",
    ),
    "exercise": (
        "lesson.run",
        "lesson.check",
        "lesson.hint",
        "app.stop",
        "lesson.next",
        "app.help",
    ),
    "quiz": ("quiz.submit", "quiz.choose", "lesson.next", "lesson.map", "app.help"),
    "ordered": ("quiz.submit", "quiz.hold", "lesson.next", "lesson.map", "app.help"),
    "ordered, some aside": (
        "quiz.submit",
        "quiz.hold",
        "quiz.aside",
        "lesson.next",
        "lesson.map",
        "app.help",
    ),
    "typed": ("quiz.submit", "lesson.next", "lesson.map", "app.help"),
    "tensors": (
        "tensors.open",
        "tensors.graph",
        "lesson.panel",
        "lesson.leave",
        "lesson.run",
        "app.help",
    ),
    "panel": ("lesson.panel", "lesson.full", "lesson.leave", "lesson.run", "app.help"),
    "script": (
        "script.run",
        "script.inspector",
        "script.output",
        "app.stop",
        "app.quit",
        "app.help",
    ),
    "record": ("script.inspector", "script.panel", "script.output", "app.quit", "app.help"),
    "script tensors": (
        "tensors.open",
        "script.panel",
        "script.full",
        "script.leave",
        "app.help",
    ),
    "script panel": ("script.panel", "script.full", "script.leave", "script.run", "app.help"),
    "tensor": ("tensor.back", "reading.scroll", "app.help"),
    "help": ("help.back", "reading.scroll", "reading.page"),
    "dialog": ("dialog.yes", "dialog.no"),
}

TITLES: dict[Where, str] = {
    "app": "Everywhere",
    "home": "Course map",
    "lesson": "In a lesson",
    "script": "In a script",
    "block": "On a cell or exercise",
    "editor": "In the editor",
    "quiz": "On a question",
    "tensors": "In the tensors panel",
    "tree": "In the graph and model panels",
    "training": "In the training panel",
    "output": "In long output",
    "reading": "While reading",
    "tensor": "A tensor opened",
    "help": "Help",
    "dialog": "Dialogs",
}


def key(key_id: str) -> Key:
    """The entry called `key_id`. Raises KeyError."""
    return _BY_ID[key_id]


def bindings(where: Where) -> list[BindingType]:
    """The bindings that a screen or the app declares itself."""
    return [
        Binding(
            entry.keys,
            entry.action,
            entry.label,
            tooltip=entry.tooltip,
            show=False,
            id=entry.id,
            priority=entry.priority,
        )
        for entry in KEYS
        if entry.where == where and entry.action
    ]


def footer(name: str) -> tuple[Key, ...]:
    """At most six keys for the footer called `name`; the last one is never left out."""
    return tuple(_BY_ID[entry] for entry in _FOOTERS[name])


def footers() -> tuple[str, ...]:
    """Names of all footers."""
    return tuple(_FOOTERS)


def sections(contexts: tuple[Where, ...]) -> list[tuple[str, list[Key]]]:
    """Help for someone in `contexts` (nearest first): title and keys of each."""
    return [(TITLES[where], [k for k in KEYS if k.where == where]) for where in contexts]


_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "underscore": "_",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_text(name: str) -> str:
    """`ctrl+n` → `Ctrl+N`, `question_mark` → `?`, `f5` → `F5`."""
    *modifiers, last = name.split("+")
    shown = _NAMES.get(last, last.upper() if len(last) == 1 and modifiers else last)
    if shown == last:
        shown = last if len(last) == 1 else last.capitalize()
    return "+".join([*(m.capitalize() for m in modifiers), shown])
