"""What is concluded from what ranks told, without any process."""

from __future__ import annotations

import pytest

from tutor.session.observed_ranks import agreement, same_samples, shares, slow_rank
from tutor.wire.messages import CellFailed
from tutor.wire.observed.ranks import Fingerprint, RankGradient, RankRow
from tutor.worker.ranks.course import RankCourse, snapshot, stopped_words, verdict_on
from tutor.worker.ranks.distributed import binds
from tutor.worker.ranks.messages import Failed, Returned, Tick
from tutor.worker.ranks.output import MOST, Kept, Lines


def tick(op: str = "", line: int = 4, broke: str = "") -> Tick:
    return Tick(line, 1, "", op, 0.5, (), 0, 1.0, 0.2, (), None, broke)


def failed(at: float, kind: str = "ValueError", message: str = "no", code: int | None = None):
    return Failed(at, CellFailed(1, kind, message, (), 9), "trace", code)


def test_the_first_to_fail_is_the_cause() -> None:
    early, late = RankCourse(0, failed=failed(5.0)), RankCourse(1, failed=failed(4.9, "KeyError"))
    verdict = verdict_on([early, late])
    assert verdict is not None
    assert verdict.rank == 1
    assert verdict.sentence == "rank 1 raised KeyError in line 9"


def test_who_vanished_is_the_cause_of_broken_connections() -> None:
    gone = RankCourse(1, code=3, ended_at=9.0)
    noticed = RankCourse(0, failed=failed(1.0), tick=tick(broke="all_reduce"))
    verdict = verdict_on([noticed, gone])
    assert verdict is not None
    assert verdict.sentence == (
        "rank 1 ended with exit code 3 while rank 0 waited in all_reduce in line 9"
    )
    assert verdict.code == 3


def test_signals_and_exit_codes_are_told_apart() -> None:
    for code, words in ((-11, "signal 11"), (1, "exit code 1")):
        verdict = verdict_on([RankCourse(0, code=code)])
        assert verdict is not None
        assert verdict.sentence == f"rank 0 ended with {words}"


def test_ranks_that_we_ended_are_no_cause() -> None:
    assert verdict_on([RankCourse(0, code=-9, stopped=True), RankCourse(1)]) is None


def test_a_stopped_run_says_where_everybody_was() -> None:
    courses = [RankCourse(0, tick=tick("all_reduce")), RankCourse(1, tick=tick(line=7))]
    assert stopped_words(courses) == (
        "stopped while rank 0 waited in all_reduce in line 4 and rank 1 was at line 7"
    )
    assert stopped_words([RankCourse(0)]) == ""


def test_a_rank_shows_one_state_at_a_time() -> None:
    rank = RankCourse(0)
    states = [rank.state]
    rank.began = True
    states.append(rank.state)
    rank.tick = tick("barrier")
    states.append(rank.state)
    rank.returned = Returned(1.0)
    states.append(rank.state)
    assert states == ["starting", "running", "waiting", "done"]
    assert RankCourse(0, code=1).state == "lost"
    assert RankCourse(0, code=-9, stopped=True).state == "stopped"
    assert snapshot(1, "a", [rank], over=True).rows[0].state == "done"


def test_output_comes_in_whole_lines_and_rank_by_rank() -> None:
    lines = Lines()
    assert lines.feed("héllo\nwo".encode()[:2]) == []
    assert lines.feed("héllo\nwo".encode()[2:]) == ["héllo"]
    assert lines.feed(b"") == ["wo"]
    kept = Kept()
    for rank, line in ((1, "b"), (0, "a"), (1, "c")):
        kept.add(rank, line)
    assert list(kept.lines()) == ["[rank 0] a", "[rank 1] b", "[rank 1] c"]


def test_a_flood_of_output_keeps_both_ends_and_counts_the_rest() -> None:
    kept = Kept()
    for number in range(MOST + 7):
        kept.add(0, str(number))
    lines = list(kept.lines())
    assert len(lines) == MOST + 1
    assert lines[0] == "[rank 0] 0"
    assert lines[MOST // 2] == "[rank 0] … 7 lines were left out"
    assert lines[-1] == f"[rank 0] {MOST + 6}"


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("def main(rank, world): pass", True),
        ("main = other", True),
        ("from helpers import other as main", True),
        ("if True:\n    main = other", True),
        ("def mian(rank, world): main()", False),
        ("print(main)", False),
    ],
)
def test_a_cell_must_bind_main_itself(source: str, bound: bool) -> None:
    assert binds(source, "main") is bound


# ---------------------------------------------------------------------- comparing ranks


def row(rank: int, talking: float, step: int = 10, **fields: object) -> RankRow:
    return RankRow(rank, "running", step=step, seconds=2.0, talking=talking, **fields)  # type: ignore[arg-type]


def test_what_the_last_rank_needs_is_the_exchange_and_the_rest_is_waiting() -> None:
    fast, slow = shares((row(0, 1.5), row(1, 0.5)))
    assert (fast.compute, fast.waiting, fast.exchange) == (0.5, 1.0, 0.5)
    assert (slow.compute, slow.waiting, slow.exchange) == (1.5, 0.0, 0.5)
    assert slow_rank((row(0, 1.5), row(1, 0.5))) == (0, 1, 0.1)
    assert slow_rank((row(0, 0.55), row(1, 0.5))) is None
    assert slow_rank((row(0, 1.5),)) is None


def gradient(own: tuple[float, ...] | None, shared: tuple[float, ...], step: int = 3):
    mine = Fingerprint(1.0, own) if own is not None else None
    return RankGradient("w", step, Fingerprint(1.0, shared), mine)


def test_gradients_agree_when_they_are_the_mean_and_equal_to_the_last_bit() -> None:
    one, two = gradient((1.0, 4.0), (2.0, 3.0)), gradient((3.0, 2.0), (2.0, 3.0))
    found = agreement((row(0, 0, gradient=one), row(1, 0, gradient=two)))
    assert found is not None
    assert found.same
    assert found.averaged is True
    off = gradient((3.0, 2.0), (2.0, 3.0000002))
    found = agreement((row(0, 0, gradient=one), row(1, 0, gradient=off)))
    assert found is not None
    assert not found.same
    summed = agreement(
        (
            row(0, 0, gradient=gradient((1.0,), (4.0,))),
            row(1, 0, gradient=gradient((3.0,), (4.0,))),
        )
    )
    assert summed is not None
    assert summed.averaged is False


def test_gradients_of_different_steps_are_not_compared() -> None:
    early, late = gradient((1.0,), (1.0,), 3), gradient((1.0,), (2.0,), 4)
    assert agreement((row(0, 0, gradient=early), row(1, 0, gradient=late))) is None


def test_the_same_examples_on_all_ranks_are_noticed() -> None:
    assert same_samples((row(0, 0, samples=(1, 2)), row(1, 0, samples=(1, 2))))
    assert not same_samples((row(0, 0, samples=(1, 2)), row(1, 0, samples=(3, 4))))
    assert not same_samples((row(0, 0), row(1, 0)))
