"""Every message between the app and a worker or grader, as a tagged struct.

Decoding is strict: unknown tags, wrong types and over-long texts raise `ProtocolError`.
Three directions, three unions: what the app sends (`ToWorker`, `ToGrader`), what a worker
sends (`FromWorker`), what a grader sends (`FromGrader`). Bodies carry raw tensor bytes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tutor.wire.base import Count, Line, Message, Name, Source, Text
from tutor.wire.explanation import Explanation
from tutor.wire.frames import ProtocolError
from tutor.wire.observed import Observed
from tutor.wire.observed.graph import GraphSeen

# ------------------------------------------------------------------ app → worker


class Script(Message, frozen=True, tag=True):
    """A file that runs as `python PATH ARGUMENTS` would. Absolute paths. `cwd`: where it starts.
    `search`: folders of modules, besides its own."""

    path: Line
    arguments: tuple[Source, ...] = ()
    cwd: Line = "/"
    search: tuple[Line, ...] = ()


class RunCell(Message, frozen=True, tag=True):
    """Run `source` in the learner's namespace; `run` comes back in every event it causes.

    ranks: afterwards run its `main(rank, world)` on that many ranks; 0 = an ordinary cell.
    script: it is the text of this file, and the first and only thing that the process runs.
    """

    run: int
    block: Name
    source: Source
    ranks: Annotated[int, Meta(ge=0, le=16)] = 0
    script: Script | None = None


class Inspect(Message, frozen=True, tag=True):
    """Ask for the detail of one tensor, by its path in the tensors panel."""

    path: Line


class Trace(Message, frozen=True, tag=True):
    """Ask for the autograd graph of the tensor at `path`."""

    path: Line


class AnswerInput(Message, frozen=True, tag=True):
    """What the learner typed for `input()`; None means end of file."""

    text: Text | None


class Question(Message, frozen=True, tag=True):
    """A data-only question of the grader, relayed by the app. Values lie in `arguments` (see
    `tutor.values` for the tree) and in the frame's body.

    get: the global `target`. call: call `target` (or handle `handle`, then attribute `path`).
    attribute: read `path` of it. make: evaluate the expression `code` and keep a handle.
    probe: run the author's `code` with the learner's names visible; its `answer` is returned.
    ranks: run the handle, or `main` of the author's `code`, on `world` ranks for at most `seconds`;
    the list of what each returned.
    """

    question: int
    op: Literal["get", "call", "attribute", "make", "probe", "ranks"]
    target: Name = ""
    handle: int = -1
    path: tuple[Name, ...] = ()
    code: Source = ""
    arguments: Any = None
    keywords: Any = None
    world: Annotated[int, Meta(ge=0, le=16)] = 0
    seconds: float = 0.0


class Quit(Message, frozen=True, tag=True):
    """End at once, politely."""


# ------------------------------------------------------------------ worker → app


class Ready(Message, frozen=True, tag=True):
    """The process can take its first request."""

    pid: int


class Device(Message, frozen=True, tag=True):
    """One device that torch can use here. `memory` is in bytes, 0 where unknown."""

    kind: Name  # "cpu", "cuda", "mps", "xpu"
    index: int
    name: Name
    memory: Count


class DevicesFound(Message, frozen=True, tag=True):
    """Answer of the detection process: torch, its build, and every usable device, best first."""

    torch: Name
    python: Name
    threads: int
    devices: tuple[Device, ...]
    notes: tuple[Line, ...] = ()


class Displayed(Message, frozen=True, tag=True):
    """The value of a cell's last expression, or of `show(x)`."""

    run: int
    text: Text
    truncated: bool = False


class Frame(Message, frozen=True, tag=True):
    """One line of a traceback; `own` marks the learner's code."""

    file: Line
    line: int
    function: Name
    code: Line
    own: bool


class CellFailed(Message, frozen=True, tag=True):
    """The exception that ended a run. `line` and `column` count from 1, 0 where unknown."""

    run: int
    kind: Name
    message: Text
    frames: tuple[Frame, ...] = ()
    line: int = 0
    column: int = 0
    explanation: Explanation | None = None


class CellFinished(Message, frozen=True, tag=True):
    """The run is over; all its output is already in the pipe. `exit_code`: of a script."""

    run: int
    ok: bool
    seconds: float
    interrupted: bool = False
    exit_code: int = 0


class TensorRow(Message, frozen=True, tag=True):
    """One tensor of the learner. Statistics are None where they could not be had cheaply.

    change: what the last run did to it. alias_of: an earlier name of the very same object.
    shares: names whose storage overlaps this one's.
    """

    path: Line
    shape: tuple[int, ...]
    dtype: Name
    device: Name
    requires_grad: bool = False
    kind: Literal["tensor", "parameter", "buffer"] = "tensor"
    change: Literal["", "added", "rebound", "mutated", "gradient"] = ""
    mean: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    nan: Count = 0
    inf: Count = 0
    has_grad: bool = False
    grad_fn: Name = ""
    alias_of: Line = ""
    shares: tuple[Line, ...] = ()
    note: Line = ""


class TensorsChanged(Message, frozen=True, tag=True):
    """The whole table after a run (never a delta). `hidden` counts tensors over the limit."""

    run: int
    rows: tuple[TensorRow, ...]
    removed: tuple[Line, ...] = ()
    hidden: Count = 0


class TensorDetail(Message, frozen=True, tag=True):
    """One tensor opened. `heat` holds rows × columns levels 0–254, 255 = not finite, row-major;
    where the tensor is larger each cell is the mean of a patch. `values` is the same grid in
    digits, only for tensors small enough to show every number."""

    path: Line
    row: TensorRow
    strides: tuple[int, ...] = ()
    offset: int = 0
    contiguous: bool = True
    storage_bytes: Count = 0
    heat_rows: int = 0
    heat_columns: int = 0
    heat: Annotated[tuple[int, ...], Meta(max_length=8192)] = ()
    low: float | None = None
    high: float | None = None
    values: tuple[tuple[Name, ...], ...] = ()
    slice_note: Line = ""
    itemsize: Annotated[int, Meta(ge=0, le=1024)] = 0  # bytes a number
    spread: Annotated[tuple[Count, ...], Meta(max_length=128)] = ()  # histogram, equal bins
    spread_low: float = 0.0
    spread_high: float = 0.0


class InspectFailed(Message, frozen=True, tag=True):
    """The tensor is no longer there, or could not be read."""

    path: Line
    reason: Line


class Traced(Message, frozen=True, tag=True):
    """Answer to `Trace`: the graph, or the reason why there is none."""

    path: Line
    graph: GraphSeen | None = None
    reason: Line = ""


class InputRequested(Message, frozen=True, tag=True):
    """The learner's code called `input()`; the worker waits for `AnswerInput`."""

    prompt: Line
    secret: bool = False


class StillImporting(Message, frozen=True, tag=True):
    """An interrupt came while an installed module is imported: it takes effect right after."""


class Answer(Message, frozen=True, tag=True):
    """Answer to `Question`. `value` is a data tree that only the grader interprets."""

    question: int
    ok: bool
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: Name = ""
    message: Text = ""
    line: int = 0


# ------------------------------------------------------------------ app → grader


class Judge(Message, frozen=True, tag=True):
    """Judge one attempt. `nonce` must come back in the verdict."""

    nonce: Name
    block: Name
    checks: Source
    source: Source
    output: Text = ""
    seed: int = 0


class AnswerRelayed(Message, frozen=True, tag=True):
    """A worker's `Answer`, passed on unread."""

    question: int
    ok: bool
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: Name = ""
    message: Text = ""
    line: int = 0


# ------------------------------------------------------------------ grader → app


class Ask(Message, frozen=True, tag=True):
    """A question for the learner's worker; the body travels with it."""

    question: Question


class Grid(Message, frozen=True, tag=True):
    """A small picture of a value: cells already formatted, aligned by the reader.

    `marked` lists (row, column) of cells that differ; `note` says which slice is shown and
    what was left out. A value that is not a tensor has one row and one cell.
    """

    title: Line  # "expected", "yours"
    about: Line  # "2×3 float32"
    cells: tuple[tuple[Name, ...], ...]
    marked: tuple[tuple[int, int], ...] = ()
    note: Line = ""


class Failure(Message, frozen=True, tag=True):
    """The first thing that is wrong, in words a learner can act on."""

    message: Line
    case: Line = ""  # "standardise(x) with x of shape (6, 3)"
    inputs: tuple[Grid, ...] = ()
    expected: Grid | None = None
    got: Grid | None = None
    difference: Line = ""  # "first difference at row 0, column 1"
    misconception: Name = ""  # tag, feeds the reviews
    feedback: Line = ""  # what the author says to that misconception
    line: int = 0  # of the learner's code, 0 where unknown


class Judged(Message, frozen=True, tag=True):
    """The verdict. `broken` is set when the check itself crashed: the author's fault."""

    nonce: Name
    passed: bool
    check: int  # 1-based number of the failing check, or of the last one
    checks: int
    title: Line  # what that check looks at
    failure: Failure | None = None
    broken: Text = ""
    seconds: float = 0.0


# ------------------------------------------------------------------ decoding

ToWorker = RunCell | Inspect | Trace | AnswerInput | Question | Quit
ToGrader = Judge | AnswerRelayed | Quit
FromWorker = (
    Ready
    | DevicesFound
    | Displayed
    | CellFailed
    | CellFinished
    | TensorsChanged
    | TensorDetail
    | InspectFailed
    | Traced
    | InputRequested
    | StillImporting
    | Answer
    | Observed
)
FromGrader = Ready | Ask | Judged

_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "to_worker": msgspec.json.Decoder(ToWorker),
    "to_grader": msgspec.json.Decoder(ToGrader),
    "from_worker": msgspec.json.Decoder(FromWorker),
    "from_grader": msgspec.json.Decoder(FromGrader),
}

Direction = Literal["to_worker", "to_grader", "from_worker", "from_grader"]


def decode(direction: Direction, header: bytes) -> Any:
    """The message in `header`.

    Raises:
        ProtocolError: unknown message, wrong type, text too long, nesting too deep.
    """
    try:
        return _decoders[direction].decode(header)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ProtocolError(f"bad message: {type(error).__name__}: {str(error)[:200]}") from None
