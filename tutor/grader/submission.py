"""The check vocabulary: what a lesson's check can do with an attempt, as the object `s`."""

from __future__ import annotations

from typing import Any, NoReturn

import torch

from tutor import values
from tutor.grader import asserts, conversation, proxies, ranked
from tutor.grader.cases import Case, unchanged
from tutor.grader.conversation import Conversation, Reply
from tutor.grader.failures import CheckBroken, CheckFailed, Mismatch
from tutor.grader.inputs import Inputs
from tutor.grader.proxies import About, RemoteFunction, RemoteObject, is_of, label_of
from tutor.grader.rules import words_in
from tutor.grader.words import capitalised, case_label, kind_of, subject, type_words
from tutor.plain import clip, counted

MISSING, TOO_LARGE, BROKEN = "tutor.missing", "tutor.too-large", "tutor.broken"
_GRADS = """
tensors = [a for a in args if isinstance(a, torch.Tensor) and a.is_floating_point()]
for tensor in tensors:
    tensor.requires_grad_(True)
result = f(*args)
if not isinstance(result, torch.Tensor):
    answer = type(result).__name__
elif not result.requires_grad:
    answer = [None] * len(tensors)
else:
    answer = list(torch.autograd.grad(result.sum(), tensors, allow_unused=True))
"""


class Submission(Inputs):
    """One attempt. Every method either returns or ends the check with words for the learner."""

    def __init__(self, talk: Conversation, source: str, output: str, seed: int) -> None:
        super().__init__(seed)
        self.source = source
        self.output = output
        self.after: list[Any] = []
        """The arguments of the last call as they are afterwards."""
        self._talk = talk
        self._case = Case()

    # -------------------------------------------------------------- names of the learner

    def function(self, name: str, args: int | None = None) -> RemoteFunction:
        """The learner's callable `name`, which must take `args` positional arguments."""
        reply = self._talk.ask("get", target=name)
        if reply.error == MISSING:
            self.fail(f"There is no function called {name} yet.")
        found = self._decoded(self._tree(reply), reply.body)
        if not isinstance(found, RemoteObject) or not proxies.about(found).callable:
            self.fail(f"`{name}` is {kind_of(found)}, expected a function.")
        about = proxies.about(found)
        self._check_arity(name, about, args)
        return RemoteFunction(self, about, name)

    def value(self, name: str, type: Any = None) -> Any:
        """The learner's variable `name`; `type` is a class or the name of one."""
        reply = self._talk.ask("get", target=name)
        if reply.error == MISSING:
            self.fail(f"There is no variable called {name} yet.")
        found = self._decoded(self._tree(reply), reply.body, name)
        if type is not None and not is_of(found, type):
            self.fail(f"`{name}` is {kind_of(found)}, expected {type_words(type)}.")
        return found

    def tensor(self, name: str) -> torch.Tensor:
        """The learner's variable `name`, which must be a tensor."""
        return self.value(name, torch.Tensor)

    # -------------------------------------------------------------- running their code

    def call(
        self,
        f: RemoteObject,
        *args: Any,
        label: str = "",
        keep: bool = True,
        allow_none: bool = False,
        **kw: Any,
    ) -> Any:
        """Open a case and call `f` in the learner's process; the result as data or proxy."""
        self._open(f, args, kw, label)
        reply = self._ask_call(f, args, kw)
        if not reply.ok:
            self._learner_error(reply)
        return self._result(f, args, reply, keep, allow_none)

    def raises(
        self,
        f: RemoteObject,
        *args: Any,
        error: str = "ValueError",
        message: str = "",
        feedback: str = "",
        **kw: Any,
    ) -> None:
        """The call must raise `error` (or a subclass), with `message` somewhere in its text.

        feedback: what to say when it raises nothing.
        """
        self._open(f, args, kw, "")
        reply = self._ask_call(f, args, kw)
        if reply.ok:
            self.fail(feedback or f"No error was raised, expected {error}.")
        if reply.error.startswith("tutor."):
            self._learner_error(reply)
        if error not in reply.bases:
            self.fail(
                f"{reply.error} was raised ({clip(_first_line(reply.message), 200)}), "
                f"expected {error}.",
                line=reply.line,
            )
        if message.lower() not in reply.message.lower():
            said = clip(_first_line(reply.message), 200)
            self.fail(f"The message of the {error} was {said!r}, expected {message!r} in it.")

    def make(self, expression: str) -> RemoteObject:
        """An object made in the learner's process from the author's expression."""
        reply = self._talk.ask("make", code=expression)
        made = self._decoded(self._tree(reply), reply.body)
        if not isinstance(made, RemoteObject):
            self.fail(_UNREADABLE)
        return RemoteObject(self, proxies.about(made), expression)

    def probe(self, code: str, label: str = "", **given: Any) -> Any:
        """Run author's code in the learner's process, with its names and `given`; its `answer`.

        label: opens a case of this name.
        """
        if label:
            self._case, self.after = Case(label), []
        body = bytearray()
        keywords = conversation.encode(given, body)
        reply = self._talk.ask("probe", body, code=code, keywords=keywords)
        return self._decoded(self._tree(reply), reply.body)

    def params(self, model: Any) -> dict[str, torch.Tensor]:
        """The parameters of a module by name, each with its `.grad`."""
        if not isinstance(model, RemoteObject) or not is_of(model, torch.nn.Module):
            self.fail(f"{capitalised(kind_of(model))} came back, expected a module.")
        found = self.probe("answer = dict(model.named_parameters())", model=model)
        if not isinstance(found, dict):
            self.fail(_UNREADABLE)
        return found

    def ranks(
        self, world: int, code: Any, *args: Any, timeout: float = 10, label: str = "", **given: Any
    ) -> list[Any]:
        """Run on `world` ranks; the list of what each returned, rank by rank.

        code: a function of the learner, called as `code(rank, world, *args)`; or author's code that
        defines `main(rank, world)` and uses the learner's names and `given`.
        """
        body = bytearray()
        if isinstance(code, str):
            self._case = Case.of(label or f"on {world} ranks", [], (), {})
            what = {"code": code, "keywords": conversation.encode(given, body)}
        else:
            self._open(code, args, given, label or ranked.label(code, world, args))
            what = ranked.fields(code, args, given, body)
        ranked.demand(world, timeout, isinstance(code, str) and args)
        reply = self._talk.ask("ranks", body, world=world, seconds=timeout, **what)
        found = self._decoded(self._tree(reply), reply.body)
        if not isinstance(found, list) or len(found) != world:
            self.fail(_UNREADABLE)
        return found

    def grads(self, f: RemoteObject, *args: Any) -> list[torch.Tensor | None]:
        """Gradients of `f(*args).sum()` for each floating tensor argument; None where none is."""
        self._open(f, args, {}, "")
        found = self.probe(_GRADS, f=f, args=list(args))
        if isinstance(found, str):
            self.fail(f"Your function returned a {found}, expected a tensor.")
        floating = [a for a in args if isinstance(a, torch.Tensor) and a.is_floating_point()]
        if not isinstance(found, list) or len(found) != len(floating):
            self.fail(_UNREADABLE)
        return list(found)

    # -------------------------------------------------------------- assertions

    def is_tensor(self, x: Any, what: str = "") -> None:
        self._hold(asserts.is_tensor(x, what))

    def shape(self, x: Any, want: Any, what: str = "") -> None:
        self._hold(asserts.shape(x, want, what))

    def dtype(self, x: Any, want: torch.dtype, what: str = "") -> None:
        self._hold(asserts.dtype(x, want, what))

    def device(self, x: Any, want: Any, what: str = "") -> None:
        self._hold(asserts.device(x, want, what))

    def requires_grad(self, x: Any, want: bool, what: str = "") -> None:
        self._hold(asserts.requires_grad(x, want, what))

    def close(
        self,
        got: Any,
        want: Any,
        rtol: float | None = None,
        atol: float | None = None,
        dtype: bool = True,
        what: str = "",
    ) -> None:
        """Exact shape, dtype (unless False), and values within the tolerances of the dtype."""
        self._hold(asserts.close(got, want, rtol, atol, dtype, what))

    def equal(self, got: Any, want: Any, what: str = "") -> None:
        self._hold(asserts.equal(got, want, what))

    def same(self, a: Any, b: Any, rtol: float | None = None, atol: float | None = None) -> bool:
        """Whether `close` would hold, dtypes aside."""
        return asserts.same(a, b, rtol, atol)

    def expect(self, condition: Any, message: str) -> None:
        if not condition:
            self.fail(message)

    def fail(self, message: str, line: int = 0) -> NoReturn:
        """End the check: the attempt is wrong, for this reason."""
        raise CheckFailed(self._case.failure(Mismatch(message, line=line)))

    def hint_if(self, condition: Any, tag: str, text: str) -> None:
        """Should this case fail: the misconception `tag` is why. The first one armed wins."""
        if condition:
            self._case.arm(tag, text)

    # -------------------------------------------------------------- the text of the attempt

    def forbid(self, *names: str, why: str = "") -> None:
        """None of these words may be in the attempt."""
        words = words_in(self.source)
        for name in names:
            line = words.line_of(name)
            if line:
                self.fail(f"Please solve this without `{name}`. {why}".strip(), line=line)

    def require(self, *names: str, why: str = "") -> None:
        """Each of these words must be in the attempt."""
        words = words_in(self.source)
        for name in names:
            if not words.line_of(name):
                self.fail(f"Your code does not use `{name}` yet. {why}".strip())

    # -------------------------------------------------------------- looking closer

    def meta(self, x: Any) -> values.Origin:
        """Device, grad_fn, is_leaf, contiguous, stride of a tensor in the learner's process."""
        self.is_tensor(x)
        return values.origin(x)

    def type_name(self, x: Any) -> str:
        """The bare name of the class of `x`, where it lives."""
        return proxies.type_name(x) if isinstance(x, RemoteObject) else type(x).__name__

    # -------------------------------------------------------------- for the proxies

    def call_object(self, target: RemoteObject, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
        """Call an object that is no required function: None is a legal result."""
        if "label" in kw or "keep" in kw:
            raise CheckBroken("label= and keep= belong to s.call()")
        return self.call(target, *args, allow_none=True, **kw)

    def attribute_of(self, target: RemoteObject, name: str) -> Any:
        """One attribute, as data or proxy."""
        reply = self._talk.ask("attribute", handle=proxies.about(target).handle, path=(name,))
        if not reply.ok and "AttributeError" in reply.bases and not reply.line:
            self.fail(f"{subject(target)} has no attribute `{name}`.")
        label = f"{label_of(target)}.{name}"
        return self._decoded(self._tree(reply), reply.body, label)

    def method_of(self, target: RemoteObject, name: str, *args: Any) -> Any:
        """What a special method returns; does not open a case."""
        body = bytearray()
        arguments = conversation.encode(list(args), body)
        reply = self._talk.ask(
            "call", body, handle=proxies.about(target).handle, path=(name,), arguments=arguments
        )
        if not reply.ok and name == "__len__" and "AttributeError" in reply.bases:
            raise TypeError(f"{label_of(target)} has no len()")
        inside = ", ".join(map(repr, args))
        if not reply.ok and not reply.line and not reply.error.startswith("tutor."):
            action = f"{label_of(target)}[{inside}]" if args else f"len({label_of(target)})"
            self.fail(f"`{action}` raised {reply.error}: {clip(_first_line(reply.message), 300)}")
        label = f"{label_of(target)}[{inside}]" if args else ""
        return self._decoded(self._tree(reply), reply.body, label)

    def items_of(self, target: RemoteObject, limit: int) -> list[Any]:
        """What iterating over it gives, at most `limit` items."""
        code = "import itertools\nanswer = list(itertools.islice(iter(x), limit))"
        found = self.probe(code, x=target, limit=limit)
        if not isinstance(found, list):
            self.fail(_UNREADABLE)
        return found

    # -------------------------------------------------------------- inside

    def start_check(self) -> None:
        """A new check begins: no case, no hint, no arguments."""
        self._case, self.after = Case(), []

    def _open(self, f: Any, args: tuple[Any, ...], kw: dict[str, Any], label: str) -> None:
        if not isinstance(f, RemoteObject):
            raise CheckBroken(f"{f!r} is not the learner's: use s.function, s.value or s.make")
        names = list(proxies.about(f).names)
        self._case = Case.of(label or case_label(label_of(f), names, args, kw), names, args, kw)
        self.after = []

    def _ask_call(self, f: RemoteObject, args: tuple[Any, ...], kw: dict[str, Any]) -> Reply:
        body = bytearray()
        arguments = conversation.encode(list(args), body)
        keywords = conversation.encode(kw, body)
        return self._talk.ask(
            "call",
            body,
            handle=proxies.about(f).handle,
            target=clip(label_of(f), 100),
            arguments=arguments,
            keywords=keywords,
        )

    def _result(
        self, f: RemoteObject, args: tuple[Any, ...], reply: Reply, keep: bool, allow_none: bool
    ) -> Any:
        tree = reply.tree if isinstance(reply.tree, dict) else {}
        given = {"k": "l", "v": [tree.get("value"), tree.get("arguments")]}
        both = self._decoded(given, reply.body, f"{label_of(f)}(…)")
        result, after = both
        if not isinstance(after, list) or len(after) != len(args):
            self.fail(_UNREADABLE)
        self.after = after
        if result is None and not allow_none:
            self.fail("Your function returned None. Is there a `return`?")
        if keep:
            for index, (before, now) in enumerate(zip(args, after, strict=True)):
                if not unchanged(before, now):
                    self.fail(f"Your function changed {self._case.argument(index)}.")
        return result

    def _tree(self, reply: Reply) -> Any:
        if not reply.ok:
            self._learner_error(reply)
        return reply.tree.get("value") if isinstance(reply.tree, dict) else None

    def _decoded(self, tree: Any, body: bytes, label: str = "") -> Any:
        try:
            return values.decode(
                tree,
                body,
                lambda number, node: RemoteObject(self, conversation.about(number, node), label),
            )
        except values.BadValue:
            self.fail(_UNREADABLE)

    def _learner_error(self, reply: Reply) -> NoReturn:
        message = clip(_first_line(reply.message), 600)
        match reply.error:
            case "tutor.broken":
                raise CheckBroken(message)
            case "tutor.missing":
                self.fail(f"There is nothing called {message} yet.")
            case "tutor.too-large":
                self.fail(f"Your code returned more than a check can look at: {message}.")
            case "tutor.rank":
                self.fail(message, line=reply.line)
            case "KeyboardInterrupt":
                self.fail("Your code was stopped while it was being checked.")
            case "SystemExit":
                self.fail("Your code asked Python to exit instead of returning.", line=reply.line)
        said = f": {message}" if message else ""
        self.fail(f"Your code raised {clip(reply.error, 100)}{said}", line=reply.line)

    def _check_arity(self, name: str, about: About, args: int | None) -> None:
        if args is None or about.most is None:
            return
        most = about.most
        if about.needed <= args and (most < 0 or args <= most):
            return
        takes = about.needed if args < about.needed else most
        self.fail(f"`{name}` should take {counted(args, 'argument')}; yours takes {takes}.")

    def _hold(self, mismatch: Mismatch | None) -> None:
        if mismatch is not None:
            raise CheckFailed(self._case.failure(mismatch))


_UNREADABLE = "What your code sent back could not be read as an answer."


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
