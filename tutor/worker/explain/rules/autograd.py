"""backward, gradients that are not there, and in-place changes that autograd forbids."""

from __future__ import annotations

import ast
import re

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain.rules.rule import Rules, numbers, shape, told
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()
_OPERATIONS = {
    "Exp": "exp", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax", "Relu": "relu",
    "Sqrt": "sqrt", "Mm": "matmul", "Mul": "*", "Div": "/", "Pow": "**", "Addmm": "linear",
}  # fmt: skip


def _receiver(situation: Situation) -> Value | None:
    """What `.backward()` or another method was called on."""
    node = situation.node
    if isinstance(node, ast.Call):
        node = node.func
    return situation.value(node.value) if isinstance(node, ast.Attribute) else None


@RULES.on(r"Trying to backward through the graph a second time")
def _twice(situation: Situation, match: re.Match[str]) -> Draft:
    carried = _carried(situation)
    fixes: list[Fix | None] = []
    if carried:
        fixes.append(
            Fix(
                f"cut `{carried}` off at the start of each round, so that gradients stop there",
                f"{carried} = {carried}.detach()",
            )
        )
        why = (
            f"backward() frees what it used. `{carried}` was computed in an earlier round and "
            "still hangs on that round's graph."
        )
    else:
        why = (
            "backward() frees what it used. A part of this graph was already gone through: it was "
            "computed once, before the loop or before the other backward."
        )
        fixes.append(Fix("compute it anew before each backward: move the forward into the loop"))
    fixes.append(Fix("only if two passes are meant: the first with retain_graph=True",
                     "loss.backward(retain_graph=True)"))  # fmt: skip
    return Draft("backward-twice", "This graph was already used", why, fixes, operands=[])


def _carried(situation: Situation) -> str:
    """A name that a loop around the failing line both reads, first, and then assigns."""
    place = situation.place
    if place is None or place.statement is None:
        return ""
    for loop in _loops_around(place.source, place.statement):
        read: set[str] = set()
        for statement in loop.body:
            loads, stores = _names(statement)
            read |= loads
            for name in stores & read:
                value = situation.value(ast.Name(name, ast.Load()))
                if value.tensor is not None and raw.grad_fn_of(value.value) is not None:
                    return name
    return ""


def _loops_around(source: str, statement: ast.stmt) -> list[ast.For | ast.While]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.For, ast.While))
        and node.lineno < statement.lineno <= (node.end_lineno or 0)
    ]


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    loads, stores = set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (stores if isinstance(node.ctx, ast.Store) else loads).add(node.id)
    return loads, stores


@RULES.on(r"grad can be implicitly created only for scalar outputs")
def _of_many(situation: Situation, match: re.Match[str]) -> Draft:
    value = _receiver(situation)
    fixes: list[Fix | None] = []
    subject = "This tensor has many elements"
    if value is not None and value.tensor is not None:
        subject = told(value)
        for way, text in (("mean", "one number: the mean"), ("sum", "or the sum")):
            check = f"{value.atom}.{way}()"
            fixes.append(situation.checked_by(text, f"{check}.backward()", check))
    return Draft(
        "backward-shape",
        "backward() starts from one number",
        f"{subject}; a gradient is the slope of a single number, such as a loss.",
        fixes,
        operands=[value] if value else None,
    )


@RULES.on(
    r"Mismatch in shape: grad_output\[(\d+)\] has a shape of torch\.Size\(\[(.*?)\]\) and "
    r"output\[\d+\] has a shape of torch\.Size\(\[(.*?)\]\)"
)
def _given_gradient(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "backward-shape",
        "The gradient that was passed has another shape",
        f"backward(gradient) needs one number for each element of the output: "
        f"{shape(numbers(match[3]))}, not {shape(numbers(match[2]))}.",
    )


@RULES.on(r"element (\d+) of tensors does not require grad and does not have a grad_fn",
          r"'(float|int)' object has no attribute 'backward'")  # fmt: skip
def _no_graph(situation: Situation, match: re.Match[str]) -> Draft:
    value = _receiver(situation)
    name = value.name if value else "this"
    number = match[1] in ("float", "int")
    if number:
        why = (
            f"`{name}` is a Python {match[1]}: .item() or float() took it out of the graph, "
            "and a number remembers nothing of how it was computed."
        )
    else:
        why = (
            f"`{name}` does not know how it was computed: nothing before it requires a gradient, "
            "or .detach(), .item(), torch.tensor(…), argmax or no_grad() cut the graph."
        )
    return Draft(
        "no-graph",
        "There is no graph to go back through",
        why,
        [
            Fix("keep the loss a tensor; call .item() only to print it")
            if number
            else Fix("create what should be learnt with requires_grad=True"),
            None if number else Fix("and stay in tensors from there to the loss"),
        ],
        operands=[value] if value else None,
    )


@RULES.on(r"a (view of a )?leaf Variable that requires grad is being used in an in-place operation")
def _leaf(situation: Situation, match: re.Match[str]) -> Draft:
    place = situation.place
    statement = place.statement if place else None
    code = (
        place.text(statement)
        if place and isinstance(statement, (ast.AugAssign, ast.Assign, ast.Expr))
        else ""
    )
    value = next(iter(situation.tensors()), None)
    name = f"`{value.name}`" if value else "This tensor"
    return Draft(
        "leaf-in-place",
        "A parameter was changed where autograd is watching",
        f"{name} is a leaf that requires a gradient. Overwriting it would leave no one to give "
        "the gradient to.",
        [
            Fix("for an update step: do it without recording", f"with torch.no_grad(): {code}")
            if code
            else Fix("for an update step: do it inside `with torch.no_grad():`"),
            Fix("for a computation: make a new tensor instead of changing this one"),
        ],
    )


@RULES.on(
    r"one of the variables needed for gradient computation has been modified by an inplace "
    r"operation: \[torch\.(?:\w+\.)?(\w+) \[(.*?)\]\](?:, which is output (\d+) of (?:As)?(\w+))?.*"
    r"is at version (\d+); expected version (\d+)",
    r"modified by an inplace operation",
)
def _saved(situation: Situation, match: re.Match[str]) -> Draft:
    groups = match.groups()
    why = (
        "backward() needs a value as it was in the forward pass, but it was changed in place since."
    )
    if groups:
        operation = re.sub(r"Backward\d*$", "", groups[3] or "")
        maker = _OPERATIONS.get(operation, operation.lower())
        what = f"the result of `{maker}`, " if maker else ""
        times = int(groups[4]) - int(groups[5])
        often = "once" if times == 1 else f"{times} times"
        why = (
            f"backward() needs {what}a tensor of shape {shape(numbers(groups[1]))}, as it was in "
            f"the forward pass; it was changed in place {often} since."
        )
    changes = _changes_in_place(situation)
    fixes: list[Fix | None] = [
        Fix(f"line {line}: {text} — make a new tensor instead", code)
        for line, text, code in changes[:3]
    ]
    if not fixes:
        fixes = [Fix("look for +=, x[...] = … and methods ending in _; write x = x + … instead")]
    return Draft(
        "saved-in-place", "A value that backward needs was overwritten", why, fixes, operands=[]
    )


def _changes_in_place(situation: Situation) -> list[tuple[int, str, str]]:
    """(line, what stands there, what could) for in-place changes of tensors above this line."""
    place = situation.place
    if place is None or not place.source:
        return []
    found = []
    for node in ast.walk(ast.parse(place.source)):
        line = getattr(node, "lineno", 0)
        if not 0 < line <= place.line:
            continue
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            value = situation.value(ast.Name(node.target.id, ast.Load()))
            if value.tensor is not None:
                sign = place.text(node)[len(node.target.id) :].strip().partition("=")[0]
                right = ast.unparse(node.value)
                found.append(
                    (line, place.text(node), f"{node.target.id} = {node.target.id} {sign} {right}")
                )
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.endswith("_")
            and not node.func.attr.endswith("__")
            and node.func.attr not in ("requires_grad_", "zero_grad_", "retain_grad_", "zero_")
        ):
            base = place.text(node.func.value)
            arguments = ", ".join(map(ast.unparse, node.args))
            code = f"{base} = {base}.{node.func.attr[:-1]}({arguments})"
            found.append((line, place.text(node), code))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            base = situation.value(node.targets[0].value)
            if base.tensor is not None:
                found.append((line, place.text(node), ""))
    return sorted(found)


@RULES.on(
    r"'NoneType' object has no attribute "
    r"'(?:zero_|norm|data|mean|abs|max|shape|clone|detach|item|add_|mul_|sum|numpy|view|size)'",
    r"unsupported operand type\(s\) for .*'NoneType'",
)
def _no_gradient(situation: Situation, match: re.Match[str]) -> Draft | None:
    node = _grad_node(situation)
    if node is None or situation.place is None:
        return None
    owner = situation.value(node.value)
    leaf = owner.tensor is None or raw.is_leaf_of(owner.value)
    wants = owner.tensor is None or raw.requires_grad_of(owner.value)
    name = situation.place.text(node.value)
    if not leaf:
        why = f"`{name}` was computed from others, and gradients are only kept on leaves."
        fixes = [Fix("ask for it before backward()", f"{name}.retain_grad()")]
    elif not wants:
        why = f"`{name}` does not require a gradient, so backward() gives it none."
        fixes = [Fix("create it with requires_grad=True")]
    else:
        why = (
            f"`{name}.grad` is None until a backward() has reached `{name}`; "
            "zero_grad() sets it back to None."
        )
        fixes = [Fix("call loss.backward() before this line"),
                 Fix(f"if it was called: does the loss really depend on {name}?")]  # fmt: skip
    return Draft(
        "no-gradient",
        "There is no gradient yet",
        why,
        list(fixes),
        operands=[Value(situation.place.text(node), node, None, True), owner],
    )


def _grad_node(situation: Situation) -> ast.Attribute | None:
    if situation.node is None:
        return None
    for node in ast.walk(situation.node):
        if isinstance(node, ast.Attribute) and node.attr == "grad":
            value = situation.value(node)
            if value.known and value.value is None:
                return node
    return None


@RULES.on(
    r"appears? to not have been used in the graph",
    r"One of the differentiated Tensors does not require grad",
)
def _unused(situation: Situation, match: re.Match[str]) -> Draft:
    plain = "does not require grad" in match[0]
    return Draft(
        "unused-input",
        "The output does not depend on this input",
        "The tensor does not require a gradient." if plain
        else "No path in the graph leads from the output to it.",
        [Fix("create it with requires_grad=True before it is used")] if plain else
        [Fix("check that it was used, and not a copy of it made before"),
         Fix("pass allow_unused=True to get None instead")],
    )  # fmt: skip


@RULES.on(
    r"can't optimize a non-leaf Tensor",
    r"you can only change requires_grad flags of leaf variables",
    r"Only Tensors created explicitly by the user \(graph leaves\) support the deepcopy",
)
def _not_a_leaf(situation: Situation, match: re.Match[str]) -> Draft:
    optimising = "optimize" in match[0]
    tensors = situation.tensors()
    name = tensors[0].atom if len(tensors) == 1 else "x"
    return Draft(
        "non-leaf",
        "This tensor was computed, not created",
        "An optimiser can only change tensors that the graph begins with." if optimising
        else "Only tensors that the graph begins with can do this; this one has a history.",
        [Fix("leave its history behind", f"{name}.detach().clone().requires_grad_()")
         if optimising else Fix("use x.detach(), or x.detach().clone()")],
    )  # fmt: skip


@RULES.on(
    r"[Ii]nference tensors? (?:cannot be saved|outside InferenceMode)|on inference tensor outside"
)
def _inference(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "inference-tensor",
        "A tensor from inference mode cannot learn",
        "What is made inside torch.inference_mode() can never take part in gradients.",
        [Fix("use torch.no_grad() instead of inference_mode()"), Fix("or take a copy: x.clone()")],
    )


@RULES.on(
    r"attempting to assign a gradient|assigned grad has data of a different|assigned grad has"
)
def _assigned(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "backward-shape",
        "A gradient must look like its tensor",
        ".grad has the shape, dtype and device of the tensor that it belongs to.",
    )
