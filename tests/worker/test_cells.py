"""Cells run in a real child: what is shown, what is told of errors, and what survives them."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.worker.children import Child, Template
from tutor.wire.messages import (
    AnswerInput,
    CellFailed,
    CellFinished,
    Displayed,
    InputRequested,
    TensorsChanged,
)
from tutor.wire.observed import Observed


def values(messages: list[Any]) -> list[str]:
    return [message.text for message in messages if isinstance(message, Displayed)]


def failure(messages: list[Any]) -> CellFailed:
    (found,) = [message for message in messages if isinstance(message, CellFailed)]
    return found


def finished(messages: list[Any]) -> CellFinished:
    return messages[-1]


# ------------------------------------------------------------------ values


def test_a_table_too_long_for_a_frame_is_shortened(worker: Child) -> None:
    messages = worker.run(
        "t = torch.ones(50)\nfor i in range(400): globals()['é' * 190 + str(i)] = t[i % 50:]"
    )
    assert isinstance(messages[-2], TensorsChanged)
    assert len(messages[-2].rows) == 50
    assert messages[-2].hidden == 351
    assert finished(messages).ok


def test_the_last_expression_is_shown_and_kept_as_underscore(worker: Child) -> None:
    assert values(worker.run("x = 20\nx + 1")) == ["21"]
    assert values(worker.run("_ * 2", "b")) == ["42"]


@pytest.mark.parametrize("source", ["None", "x = 5", "print('a')", "", "# nothing"])
def test_no_value_is_shown_where_there_is_none(worker: Child, source: str) -> None:
    messages = worker.run(source)
    assert values(messages) == []
    assert finished(messages).ok


def test_what_is_imported_already(worker: Child) -> None:
    source = "(torch.__name__, nn.__name__, F.__name__, np.__name__, math.__name__, str(device))"
    expected = "('torch', 'torch.nn', 'torch.nn.functional', 'numpy', 'math', 'cpu')"
    assert values(worker.run(source)) == [expected]


def test_tensors_fit_seventy_columns(worker: Child) -> None:
    (shown,) = values(worker.run("torch.arange(200.).reshape(4, 50) * 1000"))
    assert max(map(len, shown.splitlines())) <= 70


def test_a_huge_value_is_cut_and_says_so(worker: Child) -> None:
    shown = [m for m in worker.run("'x' * 100_000") if isinstance(m, Displayed)]
    assert len(shown[0].text) == 20_000
    assert shown[0].truncated


def test_show_shows_and_is_bounded(worker: Child) -> None:
    shown = values(worker.run("show('plain')\nshow([1, 'a'])\nfor i in range(1000): show(i)"))
    assert shown[:3] == ["plain", "[1, 'a']", "0"]
    assert len(shown) == 101
    assert "not shown" in shown[-1]


def test_text_that_no_frame_can_carry_is_replaced(worker: Child) -> None:
    assert values(worker.run(r"show('a\ud800b')")) == ["a?b"]


def test_classes_of_a_cell_can_be_pickled_and_their_source_found(worker: Child) -> None:
    worker.run("class Net(nn.Module):\n    def forward(self, x):\n        return x")
    source = "import pickle, inspect\ncopy = pickle.loads(pickle.dumps(Net()))\n"
    shown = values(
        worker.run(source + "type(copy) is Net, inspect.getsource(Net.forward)[:15]", "b")
    )
    assert shown == ["(True, '    def forward')"]


# ------------------------------------------------------------------ output


def test_prints_c_output_and_children_all_reach_the_pipe_before_the_end(worker: Child) -> None:
    worker.run(
        "import ctypes, os, sys\nprint('python')\nsys.stderr.write('error\\n')\n"
        "ctypes.CDLL(None).printf(b'from C\\n')\nos.system('echo child')\n"
        "print('no newline', end='')"
    )
    shown = worker.output()
    assert "python\nerror\n" in shown
    assert all(text in shown for text in ("from C", "child", "no newline"))


def test_a_line_is_there_before_the_process_dies(worker: Child) -> None:
    worker.begin("print('last words')\nimport os; os._exit(7)")
    with pytest.raises(EOFError):
        worker.receive()
    assert worker.output() == "last words\n"


def test_a_warning_shows_again_when_the_cell_runs_again(worker: Child) -> None:
    for _ in range(2):
        worker.run("import warnings; warnings.warn('careful')")
        assert "careful" in worker.output()


# ------------------------------------------------------------------ failures


def test_only_frames_of_the_learner_and_of_libraries_are_told(worker: Child) -> None:
    worker.run("def inner(a):\n    return a @ a", "lib")
    told = failure(worker.run("x = torch.ones(2, 3)\n\ninner(x)", "b"))
    assert told.kind == "RuntimeError"
    assert "mat1 and mat2" in told.message
    assert [(f.file, f.line, f.function, f.code, f.own) for f in told.frames] == [
        ("<cell b>", 3, "<module>", "inner(x)", True),
        ("<cell lib>", 2, "inner", "return a @ a", True),
    ]
    assert told.line == 3


def test_library_frames_are_not_the_learners(worker: Child) -> None:
    told = failure(worker.run("import json\njson.loads('{')"))
    assert told.frames[0].own
    assert not told.frames[-1].own
    assert told.line == 2


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [("x = 1\ny = (", 2, 5), ("def f():\nreturn 1", 2, 1), ("x = 1 +* 2", 1, 8)],
)
def test_a_syntax_error_has_line_and_column(
    worker: Child, source: str, line: int, column: int
) -> None:
    told = failure(worker.run(source))
    assert told.kind in ("SyntaxError", "IndentationError")
    assert (told.line, told.column) == (line, column)
    assert told.frames == ()
    assert "<cell" not in told.message


def test_an_exception_that_cannot_be_told_is_told(worker: Child) -> None:
    source = "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd"
    told = failure(worker.run(source))
    assert told.kind == "Odd"
    assert "its own __str__ raised ValueError" in told.message


def test_an_exception_that_lies_about_everything_is_told(worker: Child) -> None:
    source = (
        "class Meta(type):\n    def __getattribute__(cls, name): raise RuntimeError(name)\n"
        "class E(Exception, metaclass=Meta):\n"
        "    __class__ = property(lambda self: SyntaxError)\n"
        "    __traceback__ = property(lambda self: 1 / 0)\n"
        "    __notes__ = __cause__ = property(lambda self: 1 / 0)\nraise E"
    )
    assert failure(worker.run(source)).kind == "E"
    assert values(worker.run("'alive'")) == ["'alive'"]


def test_notes_belong_to_the_message(worker: Child) -> None:
    told = failure(worker.run("e = ValueError('bad')\ne.add_note('look here')\nraise e"))
    assert told.message == "bad\nlook here"


def test_endless_recursion_is_told_with_few_frames(worker: Child) -> None:
    told = failure(worker.run("def f(n):\n    return f(n + 1)\nf(0)"))
    assert told.kind == "RecursionError"
    assert 0 < len(told.frames) <= 40
    assert told.line == 2


@pytest.mark.parametrize("source", ["import sys; sys.exit(3)", "exit()", "raise SystemExit('bye')"])
def test_exit_is_a_failure_and_the_worker_goes_on(worker: Child, source: str) -> None:
    worker.run("kept = 1")
    told = failure(worker.run(source))
    assert "asked Python to exit" in told.message
    assert values(worker.run("kept")) == ["1"]


def test_a_failing_repr_is_a_failure_of_the_cell(worker: Child) -> None:
    source = "class Odd:\n    def __repr__(self): raise ValueError('no')\nOdd()"
    told = failure(worker.run(source))
    assert (told.kind, told.line) == ("ValueError", 2)


@pytest.mark.parametrize("error", ["ValueError('stop')", "keep"])
def test_nothing_keeps_tensors_of_a_failed_cell_alive(worker: Child, error: str) -> None:
    worker.run(
        "import weakref\nrefs = []\nkeep = ValueError('kept')\ndef work():\n"
        "    big = torch.ones(10)\n    refs.append(weakref.ref(big))\n"
        f"    raise {error}\nwork()"
    )
    assert values(worker.run("refs[0]() is None", "b")) == ["True"]


def test_watching_keeps_nothing_alive(worker: Child) -> None:
    worker.run("import weakref\nx = torch.ones(3)\nr = weakref.ref(x)")
    assert values(worker.run("del x\nr() is None", "b")) == ["True"]


# ------------------------------------------------------------------ interrupts


def test_an_interrupt_ends_the_cell_and_keeps_the_names(worker: Child) -> None:
    worker.begin("kept = 5\nprint('on')\nwhile True: pass")
    worker.wait_for_output("on")
    worker.interrupt()
    messages = worker.until(CellFinished)
    assert finished(messages).interrupted
    assert not finished(messages).ok
    assert not any(isinstance(message, CellFailed) for message in messages)
    assert values(worker.run("kept")) == ["5"]


def test_an_interrupt_while_nothing_runs_does_nothing(worker: Child) -> None:
    for _ in range(3):
        worker.interrupt()
    assert values(worker.run("1 + 1")) == ["2"]


def test_code_that_ignored_interrupts_in_one_cell_is_interruptible_in_the_next(
    worker: Child,
) -> None:
    worker.run(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})"
    )
    worker.begin("print('on')\nwhile True: pass")
    worker.wait_for_output("on")
    worker.interrupt()
    assert finished(worker.until(CellFinished)).interrupted


def test_an_interrupt_never_tears_a_frame(template: Template) -> None:
    worker = template.start("worker", buffer=16_384)
    worker.begin("shown = 1\nwhile True: show('\U0001f40d' * 19_999)")
    worker.wait_until_it_cannot_send()
    worker.interrupt()
    messages = worker.until(CellFinished)
    assert {len(text) for text in values(messages)} == {19_999}
    assert finished(messages).interrupted
    assert values(worker.run("shown")) == ["1"]
    worker.close()


# ------------------------------------------------------------------ input


def test_input_and_getpass_ask(worker: Child) -> None:
    worker.begin("import getpass\na = input('Name? ')\nb = getpass.getpass('Key? ')\n(a, b)")
    assert worker.receive()[0] == InputRequested("Name? ", False)
    worker.send(AnswerInput("Ada"))
    assert worker.receive()[0] == InputRequested("Key? ", True)
    worker.send(AnswerInput("s3cret"))
    assert values(worker.until(CellFinished)) == ["('Ada', 's3cret')"]


def test_no_input_is_an_end_of_file(worker: Child) -> None:
    worker.begin("input()")
    worker.until(InputRequested)
    worker.send(AnswerInput(None))
    told = failure(worker.until(CellFinished))
    assert told.kind == "EOFError"
    assert "no input was given" in told.message


def test_waiting_for_input_can_be_interrupted(worker: Child) -> None:
    worker.begin("kept = 3\ninput()")
    worker.until(InputRequested)
    worker.interrupt()
    assert finished(worker.until(CellFinished)).interrupted
    worker.send(AnswerInput("too late"))
    assert values(worker.run("kept")) == ["3"]


def test_standard_input_is_lines_until_the_end(worker: Child) -> None:
    worker.begin("import sys\nsys.stdin.read()")
    for text in ("one", "two", None):
        worker.until(InputRequested)
        worker.send(AnswerInput(text))
    assert values(worker.until(CellFinished)) == ["'one\\ntwo\\n'"]


# ------------------------------------------------------------------ forks


def test_a_forked_child_neither_answers_nor_asks(worker: Child) -> None:
    source = (
        "import os\npid = os.fork()\n"
        "if pid == 0:\n    show('from the child')\n    input()\n"
        "os.waitpid(pid, 0)[1]"
    )
    messages = worker.run(source)
    assert len(values(messages)) == 1
    told = [type(message) for message in messages if not isinstance(message, Observed)]
    assert told == [Displayed, TensorsChanged, CellFinished]
    assert "from the child" in worker.output()
    assert values(worker.run("'alive'")) == ["'alive'"]


def test_a_child_that_falls_out_of_its_cell_ends(worker: Child) -> None:
    messages = worker.run("import os\npid = os.fork()\nos.waitpid(pid, 0)[1] if pid else 0")
    assert values(messages) == ["0"]
    assert sum(isinstance(message, CellFinished) for message in messages) == 1
    assert values(worker.run("'alive'")) == ["'alive'"]


def test_a_forked_child_does_not_hold_the_wire(worker: Child) -> None:
    """The app must see at once that a worker ended, whatever its children still do."""
    worker.begin(
        "import os, signal\nif os.fork():\n    os._exit(3)\n"
        "signal.alarm(60)\nprint(os.getpid(), 'waits')\nsignal.pause()"
    )
    with pytest.raises(EOFError):
        worker.receive()
    child = int(worker.wait_for_output("waits").split()[0])
    os.kill(child, signal.SIGKILL)  # fails if it had to end before we could hear of the end


def test_a_loader_with_worker_processes_works(worker: Child) -> None:
    source = (
        "from torch.utils.data import DataLoader\n"
        "len(list(DataLoader(list(range(6)), batch_size=2, num_workers=1)))"
    )
    assert values(worker.run(source)) == ["3"]


# ------------------------------------------------------------------ wrecked Python


@pytest.mark.parametrize(
    "wreck",
    [
        "import builtins\nbuiltins.len = builtins.isinstance = builtins.print = None",
        "import builtins\nbuiltins.__dict__.clear()",
        "import builtins\nbuiltins.BaseException = builtins.KeyboardInterrupt = 3",
        "import sys\nsys.modules.clear()",
        "import sys\nsys.stdout = sys.stderr = sys.stdin = None",
        "import sys\nsys.stdout.close(); sys.stderr.close()",
        "import os\nos.close(1); os.close(2)",
        "import time, os, linecache, ast\ntime.perf_counter = os.getpid = ast.parse = None",
        "import sys\nsys.exc_info = None; sys.setrecursionlimit(120)",
        "torch.Tensor.__repr__ = torch.Tensor.detach = torch.aminmax = None",
        "torch.set_default_device('meta')",
        "torch.set_grad_enabled(False); torch.inference_mode().__enter__()",
        "del torch, nn, F, np, math, device, show",
    ],
)
def test_wrecked_python_neither_ends_nor_hangs_the_worker(worker: Child, wreck: str) -> None:
    worker.run(wreck, "wreck")
    worker.output()
    messages = worker.run("x = 5\nprint('still here')", "b")
    assert type(messages[-1]) is CellFinished
    if "builtins" not in wreck:  # what the learner did to print() is the learner's
        assert worker.output() == "still here\n"
    assert finished(worker.run("x", "c")).ok


def test_a_wrecked_builtin_stays_the_learners_own(worker: Child) -> None:
    worker.run("import builtins\nbuiltins.len = lambda x: 99")
    messages = worker.run("len('')", "b")
    assert values(messages) == ["99"]
