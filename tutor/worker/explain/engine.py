"""From an exception to its explanation. Never raises, keeps nothing alive, runs no learner code."""

from __future__ import annotations

import ast
from typing import Any

from tutor.plain import LINE, NAME, clip
from tutor.wire.explanation import Explanation, Fix
from tutor.worker.explain.layers import layer_of
from tutor.worker.explain.operands import operands_of, to_wire
from tutor.worker.explain.peek import Names
from tutor.worker.explain.place import Place, is_own, place_of, steps_of
from tutor.worker.explain.rules import ALL
from tutor.worker.explain.rules.containers import key_error
from tutor.worker.explain.rules.syntax import syntax
from tutor.worker.explain.shapes import Shapes
from tutor.worker.explain.situation import Draft, Situation
from tutor.worker.failure import bases_of, kind_of, message_of, traceback_of

_MATCHED = 4_000
"""Characters of a message that rules look at."""
_MOST_FIXES = 3
_UNREADABLE = (SyntaxError, IndentationError, TabError)
_NOT_EXPLAINED = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError")


def explain(error: BaseException, names: dict[str, Any], file: str) -> Explanation | None:
    """Why `error` happened, as far as can be told; None where there is nothing to add.

    `names` is the learner's namespace, `file` the name under which the cell was compiled. Call it
    while the traceback still has its frames. Whatever goes wrong in here, the error is told
    without an explanation.
    """
    try:
        return _explain(error, names, file)
    except BaseException:
        return None


def _explain(error: BaseException, names: dict[str, Any], file: str) -> Explanation | None:
    bases = bases_of(type(error))
    if any(base in _NOT_EXPLAINED for base in bases):
        return None
    steps = steps_of(traceback_of(error))
    own = next((step for step in reversed(steps) if is_own(step)), None)
    if type(error) in _UNREADABLE:
        assert isinstance(error, SyntaxError)
        if own is None or error.filename == file:
            return syntax(error, file)
    if own is None:
        return None
    place = place_of(own)
    if _is_raised_here(place, own is steps[-1]):
        return None
    scope = Names(place.local, place.globals)
    situation = Situation(
        kind=kind_of(error),
        message=message_of(error)[:_MATCHED],
        error=error,
        place=place,
        layer=layer_of(steps, own, names),
        operands=[],
        shapes=Shapes(scope),
        names=scope,
        main=names,
        steps=steps,
        own=own,
    )
    situation.operands = operands_of(situation)
    return _to_wire(_draft(situation, bases) or _generic(situation), situation, file)


def _is_raised_here(place: Place, innermost: bool) -> bool:
    """True for the learner's own `raise` and `assert`: there is nothing to add to their words."""
    return innermost and isinstance(place.statement, (ast.Raise, ast.Assert)) and (
        isinstance(place.node, ast.stmt) or isinstance(place.statement, ast.Raise)
    )  # fmt: skip


def _draft(situation: Situation, bases: list[str]) -> Draft | None:
    """What the first rule says that matches and does not stumble."""
    if "KeyError" in bases:
        return key_error(situation)
    for rule in ALL:
        match = rule.pattern.search(situation.message)
        if match is None:
            continue
        try:
            draft = rule.write(situation, match)
        except Exception:  # the next rule, or the generic card, is better than nothing
            continue
        if draft is not None:
            return draft
    return None


def _generic(situation: Situation) -> Draft:
    return Draft("generic", situation.kind)


def _to_wire(draft: Draft, situation: Situation, file: str) -> Explanation | None:
    values = situation.operands if draft.operands is None else draft.operands
    operands = to_wire([value for value in values if value.name])
    place = situation.place
    expression = _shortened(situation)
    layer = situation.layer.path if situation.layer else ""
    if draft.family == "generic" and not operands and not expression:
        return None
    fixes: list[Fix] = []
    for fix in draft.fixes:
        if fix is not None and (fix.code or fix.text) not in [f.code or f.text for f in fixes]:
            fixes.append(_clipped(fix))
    return Explanation(
        family=clip(draft.family, NAME),
        title=clip(draft.title, LINE),
        why=clip(draft.why.strip(), LINE),
        expression=clip(expression, 300),
        line=place.line if place else 0,
        column=place.column if place else 0,
        layer="" if layer in expression else clip(layer, 300),
        elsewhere=place is not None and place.file != file,
        operands=operands,
        alignment=draft.alignment,
        fixes=tuple(fixes[:_MOST_FIXES]),
    )


def _shortened(situation: Situation) -> str:
    """The failing expression; of a loop or a block only its head."""
    node, place = situation.node, situation.place
    if place is None or node is None:
        return ""
    if isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Store):
        node = place.statement
    if isinstance(node, (ast.For, ast.While, ast.With, ast.If, ast.FunctionDef, ast.ClassDef)):
        return place.text(node).partition(":")[0] if not isinstance(node, ast.For) else (
            f"for {place.text(node.target)} in {place.text(node.iter)}"
        )  # fmt: skip
    return place.text(node)


def _clipped(fix: Fix) -> Fix:
    return Fix(clip(fix.text, LINE), clip(fix.code, 300), clip(fix.gives, NAME), fix.checked)
