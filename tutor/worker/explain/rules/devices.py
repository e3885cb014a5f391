"""Devices that are not here, and tensors on two of them."""

from __future__ import annotations

import re

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain.peek import registry
from tutor.worker.explain.rules.rule import Rules
from tutor.worker.explain.situation import Draft, Situation

RULES = Rules()


@RULES.on(
    r"Expected all tensors to be on the same device",
    r"found at least two devices, ([\w:]+) and ([\w:]+)",
    r"but got \w+ is on ([\w:]+), different from other tensors on ([\w:]+)",
    r"Input type \((?:torch\.)?(\S*(?:cuda|mps|CUDA|MPS)\S*|torch\.FloatTensor)\) and weight type",
    r"Expected object of device type (\w+) but got device type (\w+)",
    r"Tensor for (?:argument )?.* is on (\w+), but expected .* on (\w+)",
    r"Tensor on device ([\w:]+) is not on the expected device ([\w:]+)",
    r"Placeholder storage has not been allocated on MPS device",
    r"indices should be either on (?:cpu|\w+) or on the same device as the indexed tensor",
    r"Expected .* to be on (?:the same )?device",
)
def _two_devices(situation: Situation, match: re.Match[str]) -> Draft:
    where = {o.name: str(raw.device_of(o.value)) for o in situation.tensors()}
    layer = situation.layer
    fixes: list[Fix | None] = []
    if layer is not None:
        weight = next(
            (p for p in registry(layer.module, "_parameters").values() if raw.is_tensor(p)), None
        )
        if weight is not None:
            where[layer.path] = str(raw.device_of(weight))
        origin = situation.origin()
        code = situation.instead(origin, f"{origin.atom}.to(device)") if origin else ""
        fixes = [
            Fix("move the data to the model's device", code),
            Fix("and the model, once, before the optimiser is made", "model.to(device)"),
        ]
    elif len(situation.tensors()) > 1:
        first, second = situation.tensors()[:2]
        code = situation.instead(second, f"{second.atom}.to({first.atom}.device)")
        fixes = [Fix(f"move `{second.name}` to the device of `{first.name}`", code)]
    else:
        fixes = [Fix("move model and data to one device with .to(device)")]
    listed = ", ".join(f"`{name}` is on {device}" for name, device in list(where.items())[:4])
    hint = " Layers in a plain Python list do not move with the model." if layer else ""
    return Draft(
        "device",
        "Tensors lie on different devices",
        f"{listed + '. ' if len(set(where.values())) > 1 else ''}One operation works on one "
        f"device.{hint}",
        fixes,
    )


@RULES.on(
    r"Torch not compiled with CUDA enabled",
    r"No CUDA GPUs are available",
    r"Found no NVIDIA driver",
    r"PyTorch is not linked with support for (\w+) devices",
    r"invalid device ordinal",
    r"Attempting to deserialize object on a (?:CUDA|cuda) device",
)
def _no_such_device(situation: Situation, match: re.Match[str]) -> Draft:
    loading = "deserialize" in match[0]
    code = "torch.load(path, map_location=device)" if loading else ""
    name = (match[1] if match.groups() else None) or "GPU"
    return Draft(
        "no-device",
        f"There is no {name} to use here" if name != "GPU" else "There is no such GPU here",
        "The file was saved on a GPU, and this worker has none."
        if loading
        else "This computer, or this build of torch, has no such device. Every cell knows the "
        "name `device`: the best one that is here.",
        [
            Fix("load it onto the device that is here", code)
            if loading
            else Fix("use the device that is here", _with_device(situation)),
        ],
    )


def _with_device(situation: Situation) -> str:
    text = situation.expression
    changed = re.sub(r"\.cuda\(\)", ".to(device)", text)
    changed = re.sub(r"""(['"])(?:cuda|mps|xpu|gpu)(?::\d+)?\1""", "device", changed)
    return changed if changed != text else "device"


@RULES.on(
    r"device type at start of device string: (\w+)",
    r"Invalid device string: '(.*?)'",
)
def _unknown_device(situation: Situation, match: re.Match[str]) -> Draft:
    gpu = match[1].lower() == "gpu"
    return Draft(
        "no-device",
        f"torch knows no device called {match[1]}",
        "Devices are called cpu, cuda (NVIDIA and AMD), mps (Apple) or xpu (Intel)."
        + (" A GPU is `cuda` on most computers." if gpu else ""),
        [Fix("use the device that is here", _with_device(situation))],
    )
