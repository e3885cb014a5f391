"""Where things lie, and writing a file whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tutor.paths import Paths, atomic_write, paths


def test_one_variable_moves_everything(home: Path) -> None:
    where = paths()
    for path in (where.data, where.cache, where.config, where.progress, where.scratch("p")):
        assert path.is_relative_to(home)
    assert not home.exists()


def test_without_it_the_platform_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCH_TUTOR_HOME", raising=False)
    where = paths()
    assert "torch-tutor" in str(where.data)
    assert where.data != where.config or sys.platform == "darwin"


@pytest.mark.parametrize("pack", ["../../etc", "a/b", "..", "", "pytorch"])
def test_every_pack_has_a_scratch_folder_of_its_own_inside(pack: str, tmp_path: Path) -> None:
    where = Paths(tmp_path, tmp_path, tmp_path)
    folder = where.scratch(pack)
    assert folder.resolve().parent == (tmp_path / "scratch").resolve()


def test_scratch_and_progress_share_no_folder(home: Path) -> None:
    where = paths()
    assert not where.scratch("p").is_relative_to(where.progress.parent)
    assert not where.progress.is_relative_to(where.scratch("p"))


def test_writing_replaces_the_whole_and_keeps_the_permissions(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file.txt"
    atomic_write(file, "first, and longer")
    file.chmod(0o600)
    atomic_write(file, b"second")
    assert file.read_bytes() == b"second"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    atomic_write(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_failure_leaves_the_old_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic_write(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_killed_while_writing_the_file_is_old_or_new(tmp_path: Path) -> None:
    file = tmp_path / "file"
    code = (
        "import sys; from pathlib import Path; from tutor.paths import atomic_write\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    atomic_write(Path(sys.argv[1]), str(n) * 200_000)\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    text = file.read_text()
    number = text[:2]
    assert text == number * 200_000
