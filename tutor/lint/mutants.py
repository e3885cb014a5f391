"""Wrong versions of a solution, made by small changes; a good check fails them all. Pure."""

from __future__ import annotations

import ast
import hashlib
import itertools
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tutor.lint.mutations import KINDS
from tutor.lint.sites import Code, bare

MOST = 12
"""Mutants of one exercise that are tried."""
FIRST_ANSWER = "hard-coded"
_KEEP_FIRST = """

def _first_answer(f):
    import functools
    kept = []
    @functools.wraps(f)
    def again(*args, **kw):
        if not kept:
            kept.append(f(*args, **kw))
        return kept[0]
    return again

{name} = _first_answer({name})
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong version: the line that was changed, counted from 1, and how."""

    kind: str
    line: int
    before: str
    after: str
    source: str

    @property
    def change(self) -> str:
        """``x.sum(0)` → `x.sum(1)`` for the author."""
        return f"`{self.before}` → {self.after}"


def mutants_of(solution: str, known: Iterable[str] = (), most: int = MOST) -> tuple[Mutant, ...]:
    """At most `most` different ones, of as many kinds as there are, always the same.

    Left out: what is the same code as the solution or one of `known`, answers that are tried
    anyway; and changes of lines that end with `# same: reason`.
    """
    try:
        code = Code(solution)
    except (SyntaxError, ValueError):
        return ()
    seen = {_shape(text) for text in (solution, *known)}
    exempt = code.exempt()
    by_kind: dict[str, list[Mutant]] = {FIRST_ANSWER: [], **{kind: [] for kind in KINDS}}
    for mutant in (*_first_answers(code), *_changed(code)):
        shape = _shape(mutant.source)
        if mutant.line not in exempt and shape and shape not in seen:
            seen.add(shape)
            by_kind[mutant.kind].append(mutant)
    mixed = (sorted(mutants, key=_shuffled) for mutants in by_kind.values())
    turns = itertools.chain.from_iterable(itertools.zip_longest(*mixed))
    chosen = itertools.islice((mutant for mutant in turns if mutant is not None), most)
    return tuple(sorted(chosen, key=lambda mutant: (mutant.line, mutant.after)))


def _changed(code: Code) -> Iterator[Mutant]:
    for site in code.sites():
        for kind, mutation in KINDS.items():
            for edit in mutation(site):
                line: int = edit.first.lineno  # type: ignore[attr-defined]
                source = code.edited(edit)
                after = edit.said or f"`{bare(source.split(chr(10))[line - 1])}`"
                yield Mutant(kind, line, code.line(line), after, source)


def _first_answers(code: Code) -> Iterator[Mutant]:
    """Functions that give their first answer to every question: the example, hard-coded."""
    for node in code.tree.body:
        match node:
            case ast.FunctionDef(name=name) if _takes_something(node, 1):
                yield _first_answer(code, node, name)
            case ast.ClassDef(name=name):
                for part in node.body:
                    match part:
                        case ast.FunctionDef(name="forward") if _takes_something(part, 2):
                            yield _first_answer(code, part, f"{name}.forward")


def _first_answer(code: Code, function: ast.FunctionDef, name: str) -> Mutant:
    source = code.source + textwrap.dedent(_KEEP_FIRST).format(name=name)
    after = "its first answer again, whatever it is given"
    return Mutant(FIRST_ANSWER, function.lineno, code.line(function.lineno), after, source)


def _takes_something(function: ast.FunctionDef, least: int) -> bool:
    inside = function.args
    named = len(inside.posonlyargs) + len(inside.args)
    return named + len(inside.kwonlyargs) >= least or inside.vararg is not None


def _shape(source: str) -> str:
    """The code without comments and spacing; "" for what does not parse."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return ""


def _shuffled(mutant: Mutant) -> bytes:
    """A fixed order that does not prefer the first lines."""
    text = f"{mutant.kind}\n{mutant.before}\n{mutant.source}"
    return hashlib.sha256(text.encode()).digest()
