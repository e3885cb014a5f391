"""Opening a pack from the cache gives the same pack, sooner, whatever happened to the cache."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutor.course import index
from tutor.course.errors import CourseError
from tutor.course.index import open_pack
from tutor.course.pack import load_pack

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "deep"


def only_file(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


def test_the_pack_is_the_same_with_and_without_cache(pack: Path, cache: Path) -> None:
    whole = load_pack(pack)
    assert open_pack(pack, cache) == whole
    assert open_pack(pack, cache) == whole
    example = ROOT / "lessons" / "example"
    assert open_pack(example, cache) == open_pack(example, cache) == load_pack(example)


def test_the_second_time_nothing_is_parsed(pack: Path, cache: Path) -> None:
    """Not even the Markdown reader is imported, which alone takes longer than all the rest."""
    open_pack(pack, cache)
    code = (
        "import sys; from pathlib import Path; from tutor.course.index import open_pack\n"
        f"open_pack(Path({str(pack)!r}), Path({str(cache)!r})); print('markdown_it' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, cwd=ROOT).stdout == "False\n"
    only_file(cache).unlink()
    assert subprocess.run(run, capture_output=True, text=True, cwd=ROOT).stdout == "True\n"


def test_a_changed_lesson_is_read_again(pack: Path, cache: Path) -> None:
    open_pack(pack, cache)
    path = pack / "unit" / "two.md"
    path.write_text(path.read_text().replace("Multiply.", "Multiply it."))
    again = open_pack(pack, cache)
    assert again == load_pack(pack)
    assert again == open_pack(pack, cache)


def test_a_lesson_that_broke_is_reported_and_one_that_went_too(pack: Path, cache: Path) -> None:
    open_pack(pack, cache)
    path = pack / "unit" / "two.md"
    good = path.read_text()
    path.write_text(good.replace("# One lesson", ""))
    with pytest.raises(CourseError, match="lacks its title"):
        open_pack(pack, cache)
    path.unlink()
    with pytest.raises(CourseError, match="there is no file"):
        open_pack(pack, cache)
    path.write_text(good)
    assert open_pack(pack, cache) == load_pack(pack)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"Multiply", b"Divide!!"),
        lambda data: b"\xff\xfe" + data,
        lambda data: data.split(b"\n")[0] + b"\n" + b"[" * 100_000,
    ],
    ids=["empty", "half", "changed", "binary", "deep"],
)
def test_a_damaged_cache_costs_only_time(pack: Path, cache: Path, damage) -> None:
    open_pack(pack, cache)
    file = only_file(cache)
    file.write_bytes(damage(file.read_bytes()))
    assert open_pack(pack, cache) == load_pack(pack)


def test_whole_files_with_strange_content_are_not_believed(pack: Path, cache: Path) -> None:
    open_pack(pack, cache)
    file = only_file(cache)
    kept = json.loads(file.read_bytes().partition(b"\n")[2])
    for strange in (None, [], ["Lesson"], ["Nonsense", 1], {}, "x", ["Prose", "a", ["@", 1]]):
        index._write(file, {path: (stamp, strange) for path, (stamp, _) in kept.items()})
        assert open_pack(pack, cache) == load_pack(pack)


def test_what_another_version_kept_is_not_used(
    pack: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_pack(pack, cache)
    assert index._read(only_file(cache))
    monkeypatch.setattr(index, "_VERSION", "0" * 64)
    assert not index._read(only_file(cache))
    assert open_pack(pack, cache) == load_pack(pack)


def test_a_cache_that_cannot_be_written_costs_only_time(pack: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert open_pack(pack, in_the_way) == load_pack(pack)


def test_forty_five_lessons_open_before_anybody_notices(tmp_path: Path) -> None:
    """Bounds with a wide margin; the figures measured are far below."""
    root, cache = tmp_path / "large", tmp_path / "cache"
    source = (ROOT / "lessons/example/first/rows.md").read_text()
    part = source.partition("## Your turn")[2]
    more = "".join(f"\n## Part {n}\n{part.replace('row-sums', f'row-sums-{n}')}" for n in range(3))
    names = [f"first/rows-{n}" for n in range(45)]
    (root / "first").mkdir(parents=True)
    for name in names:
        (root / f"{name}.md").write_text(source.replace("first/rows", name) + more)
    (root / "pack.toml").write_text(
        'id="l"\nversion="1"\nformat=1\ntitle="L"\nlicence="x"\n[[units]]\nid="first"\ntitle="F"\n'
        f"lessons = {json.dumps(names)}\n"
    )
    began = time.perf_counter()
    first = open_pack(root, cache)
    cold = time.perf_counter() - began
    began = time.perf_counter()
    second = open_pack(root, cache)
    warm = time.perf_counter() - began
    print(f"45 lessons: cold {cold * 1000:.0f} ms, warm {warm * 1000:.0f} ms")
    assert first == second
    assert warm < 0.15
    assert cold < 1.5
