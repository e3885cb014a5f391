"""Every mistake of the corpus is explained as it should be, and explaining leaves no trace."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

import pytest
import torch

from tests.explain.cases import Case
from tests.explain.corpus import CORPUS
from tests.explain.heldout import HELD_OUT
from tests.explain.running import FILE, explained, fresh_names, raised_by
from tutor.text import shape_text
from tutor.wire.explanation import Explanation, Operand
from tutor.wire.messages import CellFailed, decode
from tutor.worker.explain.engine import explain
from tutor.worker.failure import forget_frames

CASES = [*CORPUS, *HELD_OUT]
by_name = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def shown(operand: Operand) -> str:
    return operand.name if operand.shape is None else f"{operand.name} {shape_text(operand.shape)}"


@by_name
@pytest.mark.filterwarnings("ignore")
def test_the_mistake_is_explained(case: Case) -> None:
    found = explained(case.code)
    assert found is not None
    assert found.family == case.family
    assert found.expression == case.expression
    assert not set(case.operands) - {shown(operand) for operand in found.operands}
    if case.fix:
        first = found.fixes[0]
        assert first.code == case.fix or (not first.code and case.fix in first.text)
    assert found.title
    assert found.why or found.fixes
    assert found.alignment is None or aligned(found)


def aligned(found: Explanation) -> bool:
    assert found.alignment is not None
    widths = {len(row.cells) for row in found.alignment.rows}
    return len(widths) == 1 and all(0 <= c < max(widths) for c in found.alignment.marked)


@by_name
@pytest.mark.filterwarnings("ignore")
def test_it_fits_on_the_wire(case: Case) -> None:
    import msgspec

    message = CellFailed(1, "E", "m", explanation=explained(case.code))
    assert decode("from_worker", msgspec.json.encode(message)) == message


@by_name
@pytest.mark.filterwarnings("ignore")
def test_checked_fixes_work_on_the_real_tensors(case: Case) -> None:
    names = fresh_names()
    error = raised_by(case.code, names)
    found = explain(error, names, FILE)
    assert found is not None
    for fix in found.fixes:
        if fix.checked and not fix.code.endswith("sum().backward()"):  # the second of its kind
            result = eval(fix.code, {**names, **_locals(error)})
            if isinstance(result, torch.Tensor):
                assert shape_text(tuple(result.shape)) == fix.gives
    forget_frames(error)


@pytest.mark.filterwarnings("ignore")
def test_many_fixes_were_checked() -> None:
    fixes = [fix for case in CORPUS if (found := explained(case.code)) for fix in found.fixes]
    assert sum(fix.checked for fix in fixes) > 45


def _locals(error: BaseException) -> dict[str, Any]:
    step = error.__traceback__
    local: dict[str, Any] = {}
    while step is not None:
        if step.tb_frame.f_code.co_filename == FILE:
            local |= step.tb_frame.f_locals
        step = step.tb_next
    return local


@pytest.mark.filterwarnings("ignore")
def test_explaining_draws_no_random_number_and_changes_no_value() -> None:
    for case in CASES:
        names = fresh_names()
        error = raised_by(case.code, names)
        tensors = {k: v for k, v in names.items() if isinstance(v, torch.Tensor)}
        before = {k: (v.detach().clone(), v._version, v.grad_fn) for k, v in tensors.items()}
        state = torch.get_rng_state()
        explain(error, names, FILE)
        assert torch.equal(state, torch.get_rng_state()), case.name
        for name, (value, version, grad_fn) in before.items():
            now = tensors[name]
            if value.device.type != "meta":
                assert torch.equal(now.detach(), value), case.name
            assert (now._version, now.grad_fn) == (version, grad_fn), case.name
        forget_frames(error)


@pytest.mark.filterwarnings("ignore")
def test_no_tensor_outlives_the_cell() -> None:
    """Without the collector: nothing in the explanation, nor a cycle, holds on to anything."""
    gc.collect()
    gc.disable()
    try:
        for case in CORPUS[:40]:
            names = fresh_names()
            error = raised_by(case.code, names)
            kept = [weakref.ref(v) for v in names.values() if isinstance(v, torch.Tensor)]
            found = explain(error, names, FILE)
            forget_frames(error)
            del error
            names.clear()
            assert found is not None
            assert not [ref for ref in kept if ref() is not None], case.name
    finally:
        gc.enable()


@pytest.mark.filterwarnings("ignore")
def test_it_takes_no_longer_than_a_blink() -> None:
    times = []
    for case in CASES:
        names = fresh_names()
        error = raised_by(case.code, names)
        began = time.perf_counter()
        explain(error, names, FILE)
        times.append(time.perf_counter() - began)
        forget_frames(error)
    times.sort()
    assert times[len(times) // 2] < 0.05, "the middle one"
    assert times[-1] < 0.5, "the slowest one, on a busy machine"
