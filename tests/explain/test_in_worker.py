"""A real worker explains its cells' errors, and the session hands the explanation to the screen."""

from __future__ import annotations

from tests.conftest import run_cell
from tests.worker.children import Child
from tutor.session.session import Session
from tutor.wire.messages import CellFailed, CellFinished


def failure(worker: Child, source: str, block: str = "a") -> CellFailed:
    messages = worker.run(source, block)
    return next(message for message in messages if isinstance(message, CellFailed))


def test_a_failed_cell_carries_its_explanation(worker: Child) -> None:
    told = failure(worker, "x = torch.ones(2, 3)\nx @ x")
    assert told.kind == "RuntimeError"
    assert told.explanation is not None
    assert told.explanation.family == "matmul"
    assert told.explanation.expression == "x @ x"
    assert told.explanation.alignment is not None
    assert told.explanation.alignment.marked == (1,)


def test_syntax_errors_come_with_a_sentence(worker: Child) -> None:
    told = failure(worker, "y = 1\nif y:\nprint(y)")
    assert told.explanation is not None
    assert (told.explanation.title, told.explanation.line) == ("A block is missing", 3)


def test_an_error_in_a_function_of_another_cell_is_placed_there(worker: Child) -> None:
    worker.run("\ndef score(x, w):\n    return x @ w", "earlier")
    told = failure(worker, "score(torch.ones(2, 3), torch.ones(2, 3))", "later")
    assert told.line == 1
    assert told.explanation is not None
    assert (told.explanation.line, told.explanation.elsewhere) == (3, True)


def test_hostile_errors_are_told_without_one_and_the_worker_goes_on(worker: Child) -> None:
    told = failure(
        worker,
        "class Bad(Exception):\n"
        "    __class__ = property(lambda self: 1 / 0)\n"
        "    def __str__(self): raise SystemExit\n"
        "def f(): raise Bad\n"
        "f()",
    )
    assert told.kind == "Bad"
    assert told.explanation is None
    finished = worker.run("1 + 1")[-1]
    assert isinstance(finished, CellFinished)
    assert finished.ok


def test_tensors_of_a_failed_cell_are_freed(worker: Child) -> None:
    failure(
        worker,
        "import weakref\n"
        "def f():\n"
        "    global ref\n"
        "    x = torch.ones(2, 3)\n"
        "    ref = weakref.ref(x)\n"
        "    return x @ x\n"
        "f()",
    )
    worker.output()
    worker.run("print('freed' if ref() is None else 'kept')")
    assert "freed" in worker.wait_for_output("\n")


def test_wrecked_builtins_do_not_matter(worker: Child) -> None:
    told = failure(
        worker,
        "import builtins, re\n"
        "builtins.len = builtins.isinstance = builtins.next = None\n"
        "torch.ones(2, 3) @ torch.ones(2, 3)",
    )
    worker.run("import importlib, sys; del builtins")
    assert told.explanation is not None
    assert told.explanation.family == "matmul"


async def test_the_screen_gets_checked_fixes(session: Session) -> None:
    """Through the real sandbox and wire, with torch's fakes warm after the second step."""
    await run_cell(session, "import torch._dynamo")
    source = "x, w = torch.ones(4, 3), torch.ones(5, 3)\nx @ w"
    snapshot = await run_cell(session, source)
    problem = snapshot.runs["cell"].problem
    assert problem is not None
    assert problem.explanation is not None
    fix = problem.explanation.fixes[0]
    assert (fix.code, fix.gives, fix.checked) == ("x @ w.T", "4×5", True)
    assert snapshot.runs["cell"].output.lines == ()
