"""Detection in a real child, and what it says where a GPU is missing."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
import torch

from tests.worker.children import POLICY, Child, Template
from tutor.wire.messages import DevicesFound, Displayed
from tutor.worker import devices


def test_detection_says_what_is_here_and_ends(template: Template) -> None:
    child = template.start("detect", msgspec.structs.replace(POLICY, threads=2))
    found, _ = child.receive()
    assert isinstance(found, DevicesFound)
    assert found.torch == str(torch.__version__)
    assert found.threads == 2
    cpu = found.devices[-1]
    assert cpu.kind == "cpu"
    assert cpu.name
    assert cpu.memory == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with pytest.raises(EOFError):
        child.receive()
    child.close()


def test_the_processor_has_its_makers_name(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Some   CPU @ 2 GHz\n")
    assert devices.cpu_name(info) == "Some CPU @ 2 GHz"
    assert devices.cpu_name(tmp_path / "missing")


def test_a_cuda_build_without_a_gpu_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.4")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    (note,) = devices.notes()
    assert note.startswith("CUDA 12.4 build of torch, but no GPU was found: ")
    assert len(note) > 60


def test_the_best_device_is_the_first_and_names_are_taken_as_they_are() -> None:
    assert devices.resolve("").type == devices.found_devices()[0].kind
    assert devices.resolve("cpu") == torch.device("cpu")
    assert str(devices.resolve("cuda:1")) == "cuda:1"


def test_cells_use_the_device_and_threads_of_the_policy(worker: Child) -> None:
    messages = worker.run("(str(device), torch.get_num_threads())")
    assert [m.text for m in messages if isinstance(m, Displayed)] == ["('cpu', 1)"]


def test_two_workers_of_one_template_draw_other_numbers(template: Template) -> None:
    drawn = []
    for _ in range(2):
        child = template.start("worker")
        source = "import random\n(torch.rand(1).item(), np.random.rand(), random.random())"
        drawn += [m.text for m in child.run(source) if isinstance(m, Displayed)]
        child.close()
    assert drawn[0] != drawn[1]
