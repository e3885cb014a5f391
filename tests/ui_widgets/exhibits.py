"""Every widget in every state, as it stands in the gallery and in the tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explanations import FLATTEN, NO_RULE
from textual.widget import Widget

from tutor.course.model import Cell, Choice, Exercise, Place, Quiz
from tutor.session.snapshot import (
    CellRun,
    InputWanted,
    Isolation,
    Machine,
    Output,
    OutputLine,
    Problem,
    Snapshot,
    TensorTable,
    Verdict,
)
from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.footer import KeyFooter, KeyHint
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.problem import ProblemCard
from tutor.ui.widgets.prose import ProseView
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.runnable import CellView
from tutor.ui.widgets.status import WorkerStatus
from tutor.ui.widgets.stepbar import StepBar, StepMark
from tutor.ui.widgets.tensor_view import TensorView
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.ui.widgets.verdict import VerdictCard
from tutor.wire.messages import Device, Failure, Frame, Grid, TensorDetail, TensorRow

PLACE = Place(Path("lesson.md"), 1)

PROSE = """## The rule, in one breath

Write the shapes *right-aligned*. Each column must hold **two equal numbers**, or a `1`, or
nothing at all. See [the manual](https://pytorch.org/docs/stable/notes/broadcasting.html).

> [!NOTE]
> A dimension of size 1 is *stretched*: no memory is copied, `stride` becomes 0.

> [!WARNING]
> In-place operations do not stretch the tensor on the left.

| expression | shapes | result |
|---|---|---|
| `prices * tax` | 2×3, 3 | 2×3 |
| `prices + day` | 2×3, 2×1 | 2×3, every column gets the same number added to it |

1. Align the shapes at the right.
2. Compare column by column:
   - equal, or
   - one of them is 1.

```python
prices = torch.tensor([[10., 20., 30.], [40., 50., 60.]])
out = prices * torch.tensor([1.0, 1.1, 1.2])  # one factor a column, stretched over rows
```

> Shapes are a contract. Read them first.
"""

CELL_SOURCE = """prices = torch.tensor([[10., 20., 30.],
                       [40., 50., 60.]])
tax = torch.tensor([1.0, 1.1, 1.2])
out = prices * tax
out"""

STARTER = '''def standardise(x: torch.Tensor) -> torch.Tensor:
    """Every column of x with mean 0 and deviation 1."""
    # your code here
    mean = x.mean(0, keepdim=True)
    for name in ["a", "b"]:
        print(f"{name}: {mean!r}")
    return x / 2.5 if x.numel() > 0 else None'''

VALUE = "tensor([[10., 22., 36.],\n        [40., 55., 72.]])"

CELL = Cell("broadcast", CELL_SOURCE, PLACE)
EXERCISE = Exercise(
    id="standardise",
    title="Standardise the columns",
    starter=STARTER,
    checks="",
    checks_place=PLACE,
    solution="def standardise(x):\n    return (x - x.mean(0)) / x.std(0, correction=0)\n",
    learnt="Statistics over dim 0 keep the columns; broadcasting brings them back to every row.",
    hints=(
        "The mean of *each column* is `x.mean(0)`.",
        "A standard deviation is the square root of the variance.",
        "`x.std(0, correction=0)` divides by n, not by n − 1.",
    ),
    place=PLACE,
    difficulty=2,
)

OUTPUT = Output(tuple(OutputLine(f"epoch {n}  loss {1 / (n + 1):.4f}") for n in range(5)), 5)
HUGE = Output(
    (
        *(OutputLine(f"line {n}: " + "x" * (n % 140)) for n in range(2000)),
        OutputLine("… 912,004 lines dropped …", "notice"),
        *(OutputLine(f"line {n}") for n in range(914004, 916004)),
    ),
    916_004,
    912_004,
)

PROBLEM = Problem(
    kind="RuntimeError",
    message="mat1 and mat2 shapes cannot be multiplied (4x5408 and 26x10)",
    frames=(
        Frame("<cell>", 4, "<module>", "net(x)", True),
        Frame("torch/nn/modules/module.py", 1773, "_wrapped_call_impl", "return call(x)", False),
        Frame("torch/nn/modules/module.py", 1784, "_call_impl", "return forward_call(x)", False),
        Frame("<cell>", 2, "forward", "return self.fc(h)", True),
        Frame("torch/nn/modules/linear.py", 125, "forward", "return F.linear(x)", False),
    ),
    line=4,
    advice="net.fc multiplies the last dimension of its input; flatten first: torch.flatten(h, 1).",
)

EXPECTED = Grid(
    "expected",
    "4×2 float32",
    (("-1.3416", "-1.1832"), ("-0.4472", "-0.3944"), ("0.4472", "0.3944"), ("1.3416", "1.1832")),
    ((0, 1), (1, 1)),
)
GOT = Grid(
    "yours",
    "4×2 float32",
    (("-1.3416", "-0.5916"), ("-0.4472", "-0.1972"), ("0.4472", "0.1972"), ("1.3416", "10.5916")),
    ((0, 1), (1, 1)),
    "rows 0–3 of 4",
)
FAILED = Verdict(
    passed=False,
    ran=True,
    check=2,
    checks=4,
    title="every column gets mean 0 and deviation 1",
    failure=Failure(
        message="the shape is right, the numbers are not.",
        case="standardise(x) with x 4×2",
        inputs=(Grid("x", "4×2 float32", (("1.0", "2.0"), ("3.0", "4.0"))),),
        expected=EXPECTED,
        got=GOT,
        difference="first difference at row 0, column 1",
        feedback="You divided by the variance; a standard deviation is its *square root*.",
    ),
)
PASSED = Verdict(passed=True, ran=True, check=4, checks=4, seconds=0.028)
CRASHED = Verdict(passed=False, ran=False, checks=4, problem=PROBLEM)
BROKEN = Verdict(passed=False, ran=True, broken="Traceback …\nKeyError: 'mean'")

CHOICE = Quiz(
    id="shape-of-sum",
    kind="choice",
    prompt="What is the shape of `x.sum(0)` when `x` is 4×2?",
    place=PLACE,
    code="x = torch.randn(4, 2)\nx.sum(0).shape",
    choices=(
        Choice("`(2,)`: dimension 0 is gone", True, "The dimension you name disappears."),
        Choice("`(4,)`", False, "That would be x.sum(1)."),
        Choice(
            "`(1, 2)`: it stays with size 1, as long as nobody says otherwise",
            False,
            "With keepdim.",
        ),
    ),
    explain="A reduction removes the dimension it runs over, unless `keepdim=True`.",
)
MULTI = Quiz(
    id="views",
    kind="multi",
    prompt="Which of these share memory with `x`?",
    place=PLACE,
    choices=(
        Choice("`x.view(-1)`", True, "A view."),
        Choice("`x.clone()`", False, "A copy."),
        Choice("`x.t()`", True, "Only the strides change."),
    ),
)
PREDICT = Quiz(
    "predict", "predict", "What does it print?", PLACE, code="print(1 + 1)", accept=("2",)
)
BLANK = Quiz(
    "move",
    "blank",
    "Complete the line so that the checkpoint opens on any machine.",
    PLACE,
    code='import torch\nstate = torch.load(path, ____="cpu")',
    accept=("map_location",),
    wrong=MappingProxyType({"device": "torch.load has no argument of that name."}),
    explain="Tensors are moved while they are read.",
)
PARSONS = Quiz(
    "step",
    "parsons",
    "Put one training step in order.",
    PLACE,
    lines=(
        "optimizer.zero_grad()",
        "loss = loss_fn(model(x), y)",
        "loss.backward()",
        "optimizer.step()",
    ),
    orders=((0, 1, 2, 3), (1, 0, 2, 3)),
    distractors=(Choice("loss.step()", False, "A loss has no step."),),
    wrong=MappingProxyType({"4 before 3": "The step used gradients that did not exist yet."}),
    explain="Gradients come before the step that uses them.",
)
ORDER = Quiz(
    "loop",
    "parsons",
    "Put the loop together.",
    PLACE,
    lines=("for x in batches:", "    y = model(x)", "    total += y.sum()"),
    orders=((0, 1, 2),),
)
FIX = Quiz(
    "softmax",
    "fix",
    "The loss never falls. Which line is wrong, and what should it be?",
    PLACE,
    code="optimizer.zero_grad()\nloss = loss_fn(model(x).softmax(1), y)\n\nloss.backward()",
    choices=(
        Choice("loss = loss_fn(model(x).argmax(1), y)", False, "argmax has no gradient."),
        Choice("loss = loss_fn(model(x), y)", True, "It normalises raw scores itself."),
    ),
    wrong=MappingProxyType({"1": "Clearing belongs there."}),
    line=2,
    explain="Two softmaxes in a row flatten the gradient.",
)
UNKNOWN = Quiz("later", "draw", "Draw the graph.", PLACE)


def _tensor(
    path: str, shape: tuple[int, ...], numbers: tuple[float, ...], **more: Any
) -> TensorRow:
    """A float32 row on the CPU; `numbers` are mean, minimum and maximum, as far as known."""
    known: dict[str, Any] = dict(zip(("mean", "minimum", "maximum"), numbers, strict=False))
    values: dict[str, Any] = {"dtype": "float32", "device": "cpu"}
    return TensorRow(path, shape, **(values | known | more))


ROWS = (
    _tensor("prices", (2, 3), (35.0, 10.0, 60.0), change="added"),
    _tensor("tax", (3,), (1.1, 1.0, 1.2), change="added"),
    _tensor("out", (2, 3), (36.5, 10.0, 72.0), change="mutated", shares=("view",)),
    _tensor("view", (6,), (36.5, 10.0, 72.0), shares=("out",)),
    _tensor("same", (2, 3), (36.5,), alias_of="out"),
    _tensor(
        "net.fc.weight",
        (10, 5408),
        (-1.2e-5, -0.0136, 0.0136),
        requires_grad=True,
        kind="parameter",
        change="gradient",
        has_grad=True,
    ),
    _tensor(
        "loss",
        (),
        (math.nan,),
        requires_grad=True,
        change="rebound",
        grad_fn="NllLossBackward0",
        nan=1,
    ),
    TensorRow("index", (4096, 128, 7), "int64", "cuda:0", minimum=0.0, maximum=49999.0),
)
TABLE = TensorTable(ROWS, removed=("old", "tmp"), hidden=12)

SMALL_DETAIL = TensorDetail(
    path="out",
    row=ROWS[2],
    strides=(3, 1),
    storage_bytes=24,
    heat_rows=2,
    heat_columns=3,
    heat=(0, 49, 106, 123, 184, 254),
    low=10.0,
    high=72.0,
    values=(("10.0", "22.0", "36.0"), ("40.0", "55.0", "72.0")),
)


def _wave(rows: int, columns: int, holes: bool) -> tuple[int, ...]:
    return tuple(
        255
        if holes and (r * columns + c) % 97 == 5
        else round(127 + 127 * math.sin(r / 5) * math.cos(c / 7))
        for r in range(rows)
        for c in range(columns)
    )


BIG_DETAIL = TensorDetail(
    path="net.fc.weight",
    row=ROWS[5],
    strides=(5408, 1),
    offset=128,
    contiguous=False,
    storage_bytes=216_320,
    heat_rows=28,
    heat_columns=28,
    heat=_wave(28, 28, holes=True),
    low=-0.0136,
    high=0.0136,
    slice_note="[0, :, :] of 3 × 28 × 28",
)
WIDE_DETAIL = TensorDetail(
    path="activations",
    row=ROWS[7],
    heat_rows=64,
    heat_columns=128,
    heat=_wave(64, 128, holes=False),
    low=0.0,
    high=49999.0,
)

READY = Snapshot(
    phase="ready",
    machine=Machine("2.13", "3.11", Device("cpu", 0, "cpu", 0), (), cores=2, threads=1),
    isolation=Isolation("strong", "Your code cannot reach the network."),
)
BUSY = Snapshot(
    phase="busy",
    machine=READY.machine,
    isolation=READY.isolation,
    queue=("a", "b"),
    runs=MappingProxyType({}),
)

STEPS = tuple(
    StepMark(f"step {n}", state, current=n == 3)
    for n, state in enumerate(("done", "done", "tried", "tried", "new", "new", "new"), 1)
)
HINTS = (
    KeyHint("f5", "F5", "run"),
    KeyHint("f8", "F8", "check"),
    KeyHint("f3", "F3", "hint"),
    KeyHint("ctrl+g", "Ctrl+G", "stop"),
    KeyHint("ctrl+n", "Ctrl+N", "next"),
    KeyHint("f2", "F2", "course"),
    KeyHint("f1", "F1", "help"),
)


def cell(run: CellRun | None = None, text: str = CELL_SOURCE) -> CellView:
    view = CellView(CELL, text)
    view.run = run
    return view


def a_run(state: str = "done", **changes: object) -> CellRun:
    values: dict[str, Any] = {"source": CELL_SOURCE, "run": 1, "seconds": 0.004}
    return CellRun(block="broadcast", state=state, **(values | changes))  # type: ignore[arg-type]


def exercise(**reactives: object) -> ExerciseView:
    view = ExerciseView(EXERCISE, STARTER)
    for name, value in reactives.items():
        setattr(view, name, value)
    return view


def waiting() -> CellView:
    view = cell(a_run("running", seconds=3.2, output=OUTPUT))
    view.input_wanted = InputWanted("broadcast", "How many rows? ")
    return view


def answered(quiz: Quiz, *answer: str) -> QuizView:
    view = QuizView(quiz)
    view.call_after_refresh(view.show_answer, answer)
    return view


EXHIBITS: dict[str, Callable[[], Widget]] = {
    "prose": lambda: ProseView(PROSE),
    "plain": lambda: PlainStatic("list[int] stays, [/b] too, and [@click=app.quit] is no link"),
    "editor": lambda: CodeEditor(STARTER, block="standardise"),
    "editor empty": lambda: CodeEditor("", block="empty"),
    "cell new": lambda: cell(),
    "cell queued": lambda: cell(a_run("queued")),
    "cell running": lambda: cell(a_run("running", seconds=3.2, output=OUTPUT)),
    "cell done": lambda: cell(a_run(value=VALUE)),
    "cell stale": lambda: cell(a_run(value=VALUE, stale=True)),
    "cell changed": lambda: cell(a_run(value=VALUE, source="out")),
    "cell error": lambda: cell(a_run("error", output=OUTPUT, problem=PROBLEM)),
    "cell interrupted": lambda: cell(a_run("interrupted", seconds=65.0, output=OUTPUT)),
    "cell lost": lambda: cell(a_run("lost")),
    "cell huge": lambda: cell(a_run(output=HUGE)),
    "cell input": waiting,
    "exercise new": lambda: exercise(),
    "exercise checking": lambda: exercise(checking=True),
    "exercise failed": lambda: exercise(verdict=FAILED, attempts=3, hints_shown=2),
    "exercise crashed": lambda: exercise(verdict=CRASHED, attempts=1),
    "exercise broken": lambda: exercise(verdict=BROKEN, attempts=1),
    "exercise passed": lambda: exercise(verdict=PASSED, attempts=4),
    "exercise solution": lambda: exercise(
        verdict=FAILED, attempts=5, hints_shown=3, solution_shown=True
    ),
    "output": lambda: OutputView(OUTPUT, VALUE),
    "output empty": lambda: OutputView(),
    "output huge": lambda: OutputView(HUGE, VALUE),
    "problem": lambda: ProblemCard(PROBLEM),
    "problem explained": lambda: ProblemCard(FLATTEN),
    "problem generic": lambda: ProblemCard(NO_RULE),
    "verdict failed": lambda: VerdictCard(FAILED, attempts=3, next_step="F3 hint 1 of 3"),
    "verdict passed": lambda: VerdictCard(PASSED, learnt=EXERCISE.learnt, next_step="Ctrl+N next"),
    "verdict broken": lambda: VerdictCard(BROKEN),
    "fold": lambda: Fold("hint 1 of 3", lambda width: plain(PROSE[:200]).wrap(width)),
    "fold open": lambda: Fold(
        "hint 2 of 3", lambda width: plain(PROSE[:200]).wrap(width), expanded=True
    ),
    "quiz choice": lambda: QuizView(CHOICE),
    "quiz right": lambda: answered(CHOICE, "0"),
    "quiz wrong": lambda: answered(CHOICE, "1"),
    "quiz multi": lambda: answered(MULTI, "0"),
    "quiz predict": lambda: QuizView(PREDICT),
    "quiz blank": lambda: QuizView(BLANK),
    "quiz blank wrong": lambda: answered(BLANK, "device"),
    "quiz parsons": lambda: QuizView(PARSONS),
    "quiz parsons wrong": lambda: answered(PARSONS, "1", "3", "2", "0"),
    "quiz parsons right": lambda: answered(PARSONS, "1", "0", "2", "3"),
    "quiz order": lambda: QuizView(ORDER),
    "quiz fix": lambda: QuizView(FIX),
    "quiz fix wrong line": lambda: answered(FIX, "1"),
    "quiz fix wrong": lambda: answered(FIX, "2", "0"),
    "quiz fix right": lambda: answered(FIX, "2", "1"),
    "quiz unknown": lambda: QuizView(UNKNOWN),
    "tensors": lambda: TensorsPanel(TABLE),
    "tensors empty": lambda: TensorsPanel(),
    "tensor small": lambda: TensorView(SMALL_DETAIL),
    "tensor big": lambda: TensorView(BIG_DETAIL),
    "tensor wide": lambda: TensorView(WIDE_DETAIL),
    "tensor none": lambda: TensorView(),
    "status ready": lambda: WorkerStatus(READY),
    "status busy": lambda: WorkerStatus(BUSY),
    "status warming": lambda: WorkerStatus(),
    "steps": lambda: StepBar(STEPS),
    "footer": lambda: KeyFooter(HINTS),
}
"""Name → a fresh widget in that state."""
