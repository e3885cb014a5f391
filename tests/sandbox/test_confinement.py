"""What cells may do inside, and what surrounds them there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.sandbox.boxes import Box, open_box
from tests.sandbox.outside import SECRET, Outside
from tutor.sandbox.platform import choose
from tutor.session.api import SessionSettings
from tutor.session.policy import zygote_environment
from tutor.session.survey import survey


async def test_8_what_a_cell_may_do_works(any_box: Box) -> None:
    run = await any_box.run("""
print('asset', read(HOME + '/course/asset.txt'))
with open('mine.txt', 'w') as file: file.write('x')
print('scratch', read('mine.txt'))
with tempfile.NamedTemporaryFile() as file: print('temporary', file.name.startswith(os.getcwd()))
print('tensor', float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()))
print('process', subprocess.run(['/bin/echo', 'hi'], capture_output=True, text=True).stdout)
print('home', os.path.expanduser('~') == os.getcwd())
""")
    assert run.failed is None, run.failed
    for line in ("asset an asset", "scratch x", "temporary True", "tensor 27000000.0"):
        assert line in run.output
    assert "process hi" in run.output
    assert "home True" in run.output


async def test_no_variable_of_the_learner_is_in_the_environment(any_box: Box) -> None:
    run = await any_box.run("""
print(dict(os.environ), read('/proc/self/environ'))
print(subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout)
try: print(read(f'/proc/{os.getppid()}/environ'))
except OSError: print('refused')
""")
    assert "TORCHINDUCTOR_CACHE_DIR" in run.output
    assert os.environ["LEARNER_TOKEN"] == SECRET
    assert SECRET not in run.output.replace(f"SECRET = {SECRET!r}", "")
    assert "LEARNER_TOKEN" not in run.output


async def test_there_is_no_terminal(any_box: Box) -> None:
    run = await any_box.run("""
for path in ('/dev/tty', '/dev/console'):
    try:
        os.close(os.open(path, os.O_RDWR)); print('OPENED', path)
    except OSError as error: print('refused', path)
import fcntl
for number in (0, 1, 2):
    try: fcntl.ioctl(number, 0x5412, b'X'); print('TYPED')
    except OSError: print('refused ioctl')
""")
    assert "OPENED /dev/tty" not in run.output
    assert "TYPED" not in run.output
    assert run.output.count("refused ioctl") == 3


async def test_no_rights_can_be_gained(box: Box) -> None:
    run = await box.run("""
status = dict(line.split(':', 1) for line in read('/proc/self/status').splitlines())
print('caps', int(status['CapEff'], 16), int(status['CapBnd'], 16), int(status['CapPrm'], 16))
print('nnp', status['NoNewPrivs'].strip())
for name, call in {
    'unshare': lambda: checked(libc.unshare(0x10000000)),
    'mount': lambda: checked(libc.mount(b'none', b'/', b'tmpfs', 0, None)),
    'umount': lambda: checked(libc.umount2(HOME.encode() + b'/course/checks', 2)),
    'chroot': lambda: checked(libc.chroot(b'.')),
    'limit': lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)),
    'score': lambda: open('/proc/self/oom_score_adj', 'w').write('-1000'),
}.items():
    try: call(); print('GAINED', name)
    except (OSError, ValueError): print('refused', name)
""")
    assert "caps 0 0 0" in run.output
    assert "nnp 1" in run.output
    assert run.output.count("refused") == 6
    assert "GAINED" not in run.output


async def test_killing_everything_in_sight_hits_only_itself(box: Box) -> None:
    run = await box.run("""
for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
    if pid != os.getpid():
        try: os.kill(pid, signal.SIGKILL); print('KILLED', pid)
        except OSError: pass
try: os.kill(-1, signal.SIGKILL)
except OSError: pass
print('survived')
""")
    assert "KILLED" not in run.output
    assert box.zygote.alive
    assert (await box.run("print('next')")).output == "next\n"


async def test_a_lesson_with_loopback_reaches_itself_and_nobody_else(box: Box) -> None:
    if box.zygote.isolation.tier != "strong":
        pytest.skip("needs a private network")
    run = await box.run(
        """
with socket.create_server(('127.0.0.1', 0)) as server:
    with socket.create_connection(server.getsockname(), 5) as it: print('self reached')
for address in (('127.0.0.1', PORT), ('192.0.2.1', 80)):
    try: socket.create_connection(address, 2); print('REACHED', address)
    except OSError as error: print('failed', error)
""",
        network="loopback",
    )
    assert "self reached" in run.output
    assert run.output.count("failed") == 2, run.output
    assert "REACHED" not in run.output


async def test_the_warm_process_runs_nothing_from_the_scratch_folder(outside: Outside) -> None:
    """Files with which Python starts by itself, planted for the next session."""
    name = f".local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    mark = outside.scratch.parent / "evil-ran"
    packages = outside.scratch / name
    packages.mkdir(parents=True)
    (packages / "evil.pth").write_text(f"import os; open({str(mark)!r}, 'w').close()\n")
    plain = getattr(sys, "_base_executable", sys.executable)
    try:
        home = {"HOME": str(outside.scratch), "PATH": "/usr/bin:/bin"}
        _start(plain, home)
        assert mark.exists()  # the control: with that home, Python does run it
        mark.unlink()
        ground = survey(SessionSettings(outside.scratch), choose().detect())
        _start(plain, zygote_environment(ground))
        assert not mark.exists()
        async with open_box("", outside) as box:
            assert (await box.run("print('started')")).output == "started\n"
        assert not mark.exists()
    finally:
        shutil.rmtree(outside.scratch / ".local")
        mark.unlink(missing_ok=True)


def _start(python: str, environment: dict[str, str]) -> None:
    subprocess.run([python, "-P", "-c", ""], env=environment, check=True)
