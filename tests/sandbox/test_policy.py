"""The rules of each role as a pure function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tutor.sandbox.isolation import GOOD, Layers, linux_layers
from tutor.session.machine import default_threads
from tutor.session.policy import Ground, build_policy, view, zygote_environment

SEALED = Layers("strong", "", (), "namespaces", 7, True)
OPEN = Layers("good", GOOD, (), "", 7, True)
NOTHING = Layers("process-only", "", ())
GROUND = Ground(
    layers=SEALED,
    scratch="/s",
    read=("/usr", "/venv"),
    hidden=("/venv/lessons",),
    devices=("/dev/nvidia0",),
    python="/venv/bin/python",
    outside={"AWS_SECRET": "x", "CUDA_VISIBLE_DEVICES": "1", "PATH": "/evil"},
    threads=3,
    cores=4,
    memory=1000,
)


def test_a_worker_writes_in_scratch_alone() -> None:
    assert build_policy("worker", GROUND).write == ("/s", "/dev/shm")
    assert build_policy("worker", replace(GROUND, layers=OPEN)).write == ("/s",)


@pytest.mark.parametrize("role", ["grader", "detect"])
def test_others_write_nowhere(role: str) -> None:
    policy = build_policy(role, GROUND)  # type: ignore[arg-type]
    assert policy.write == ()
    assert policy.network == "none"
    assert "/s" not in policy.read


def test_the_hidden_is_hidden_from_everybody() -> None:
    for role in ("worker", "grader", "detect"):
        assert build_policy(role, GROUND).hidden == ("/venv/lessons",)
    assert view(GROUND).hidden == ("/venv/lessons",)


def test_only_named_variables_are_passed_on() -> None:
    for variables in (build_policy("worker", GROUND).environment, zygote_environment(GROUND)):
        assert "AWS_SECRET" not in variables
        assert variables["CUDA_VISIBLE_DEVICES"] == "1"
        assert "/evil" not in variables["PATH"]
    assert build_policy("worker", GROUND, temporary="/s/t").environment["TMPDIR"] == "/s/t"
    assert zygote_environment(GROUND)["OMP_NUM_THREADS"] == "1"
    assert GROUND.scratch not in zygote_environment(GROUND).values()
    assert build_policy("worker", GROUND).environment["OMP_NUM_THREADS"] == "3"


def test_memory_is_limited_on_the_cpu_and_watched_on_a_gpu() -> None:
    assert build_policy("worker", GROUND, device="cpu").data_bytes == 1000
    assert build_policy("worker", GROUND, device="cuda:0").data_bytes == 0
    assert build_policy("worker", GROUND).data_bytes == 0  # not decided, and a card is there
    assert build_policy("worker", replace(GROUND, devices=())).data_bytes == 1000
    assert build_policy("worker", GROUND, device="cpu", data_bytes=5).data_bytes == 5


def test_processes_of_the_user_count_where_they_are_counted_together() -> None:
    sealed = build_policy("worker", GROUND, tasks=500).processes
    shared = build_policy("worker", replace(GROUND, layers=OPEN), tasks=500).processes
    assert sealed == 272
    assert shared == 772


def test_layers_that_do_not_work_are_not_asked_for() -> None:
    policy = build_policy("worker", replace(GROUND, layers=NOTHING))
    assert not policy.landlock
    assert not policy.seccomp
    assert not policy.own_pids


def test_an_override_must_exist() -> None:
    assert build_policy("worker", GROUND, network="loopback").network == "loopback"
    with pytest.raises(TypeError):
        build_policy("worker", GROUND, colour="red")


def test_threads_leave_a_core_to_the_app() -> None:
    assert [default_threads(cores) for cores in (1, 2, 3, 8)] == [1, 1, 2, 7]


def test_tiers_say_what_is_missing() -> None:
    assert linux_layers("namespaces", 7, True, ()).tier == "strong"
    assert linux_layers("namespaces", 7, True, ()).missing == ()
    weaker = linux_layers("", 7, True, ("Private namespaces are not allowed here.",))
    assert weaker.tier == "good"
    assert "DataLoader" in " ".join(weaker.missing)
    older = linux_layers("", 4, True, ())
    assert len(older.missing) == len(linux_layers("", 7, True, ()).missing) + 1
    supervised = linux_layers("", 4, True, (), supervised=True)
    assert len(supervised.missing) == 1
    assert "DataLoader" not in " ".join(supervised.missing)
    assert linux_layers("namespaces", 4, True, ()).missing != ()
    assert linux_layers("", 7, False, ("x",)).tier == "process-only"
    assert linux_layers("namespaces", 0, True, ("No Landlock.",)).tier == "good"
    assert linux_layers("namespaces", 7, False, ("x",)).tier == "process-only"
