"""A script's process is what `python SCRIPT` makes: its `__main__`, its end, its exit code.
And what the sandbox lets it do."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import until
from tests.script.conftest import code_of, place, printed, run_to_end, session_for
from tutor.session.session import Session
from tutor.session.snapshot import CellRun, Snapshot


class Bench:
    """Writes scripts into a folder of their own and runs them there."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.folder = folder
        self.session = session

    def write(self, text: str, name: str = "script.py") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    async def run(self, text: str, *arguments: str) -> tuple[Snapshot, CellRun]:
        return await run_to_end(self.session, code_of(place(self.write(text), *arguments)))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder_session(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Path, Session]]:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "script.py").write_text("")
    session = session_for(place(folder / "script.py"), tmp_path_factory.mktemp("scratch"))
    await session.start()
    yield folder, session
    await session.close()


@pytest.fixture
def bench(folder_session: tuple[Path, Session]) -> Bench:
    return Bench(*folder_session)


async def test_main_is_what_python_makes_of_it(bench: Bench) -> None:
    bench.write("VALUE = 7\n", "beside.py")
    _, run = await bench.run(
        '"""What it is for."""\n'
        "from __future__ import annotations\n"
        "import os, sys, beside\n"
        "print(sorted(name for name in globals() if not name.startswith('__')))\n"
        "print(__name__, __doc__, os.path.basename(__file__), __spec__)\n"
        "print(sys.argv[1:], os.path.basename(sys.argv[0]), sys.path[0] == os.getcwd())\n"
        "import __main__; print(__main__.beside.VALUE)\n"
        "class Here: pass\n"
        "import pickle; print(type(pickle.loads(pickle.dumps(Here()))) is Here)\n"
        "1 + 1\n",
        "--lr",
        "0.1",
    )
    assert run.problem is None
    assert printed(run) == [
        "['annotations', 'beside', 'os', 'sys']",
        "__main__ What it is for. script.py None",
        "['--lr', '0.1'] script.py True",
        "7",
        "True",
    ]
    assert run.value == "", "a script has no last value"


@pytest.mark.parametrize(
    ("text", "code", "state"),
    [
        ("", 0, "done"),
        ("import sys; sys.exit()", 0, "done"),
        ("raise SystemExit(0)", 0, "done"),
        ("import sys; sys.exit(3)", 3, "error"),
        ("import sys; sys.exit('no data')", 1, "error"),
        ("1 / 0", 1, "error"),
        ("def f(:", 1, "error"),
        ("import os; os._exit(5)", 5, "lost"),
        ("import os; os.kill(os.getpid(), 9)", 137, "lost"),
        ("import ctypes; ctypes.string_at(0)", 139, "lost"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
async def test_the_exit_code_is_the_one_of_python(
    bench: Bench, text: str, code: int, state: str
) -> None:
    _, run = await bench.run(text)
    assert (run.exit_code, run.state) == (code, state)
    if "no data" in text:
        assert printed(run) == ["no data"]


async def test_threads_and_exit_handlers_come_behind_the_last_line(bench: Bench) -> None:
    _, run = await bench.run(
        "import atexit, threading\n"
        "atexit.register(print, 'registered')\n"
        "gate = threading.Event()\n"
        "threading.Thread(target=lambda: (gate.wait(), print('thread'))).start()\n"
        "gate.set()\n"
        "print('last line')\n"
    )
    assert sorted(printed(run)[:2]) == ["last line", "thread"]
    assert printed(run)[2:] == ["registered"]


async def test_a_crash_is_explained_with_names_and_shapes(bench: Bench) -> None:
    bench.write(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(100, 10)\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n",
        "model.py",
    )
    snapshot, run = await bench.run(
        "import torch\nfrom model import Net\nnet = Net()\n\nprint(net(torch.randn(4, 26)))\n"
    )
    problem = run.problem
    assert problem is not None
    assert (problem.kind, problem.line) == ("RuntimeError", 5)
    own = [(Path(frame.file).name, frame.line) for frame in problem.frames if frame.own]
    assert own == [("script.py", 5), ("model.py", 7)], "files beside the script are own code"
    found = problem.explanation
    assert found is not None
    assert (found.family, found.layer, found.expression) == ("matmul", "net.fc", "self.fc(x)")
    assert snapshot.observed.model.models[0].rows[-1].state == "failed"


async def test_the_doctor_sees_what_raises_nothing(bench: Bench) -> None:
    _, run = await bench.run(
        "import torch\n"
        "net = torch.nn.Linear(4, 1)\n"
        "opt = torch.optim.SGD(net.parameters(), lr=0.01)\n"
        "for _ in range(10):\n"
        "    loss = net(torch.randn(8, 4)).square().mean()\n"
        "    loss.backward()\n"
        "    opt.step()\n"
    )
    assert [mistake.code for mistake in run.mistakes] == ["no-zero-grad"]
    assert run.mistakes[0].line == 7


async def test_input_is_asked_for_and_answered(bench: Bench) -> None:
    code = code_of(place(bench.write("name = input('Who? ')\nprint('hello', name)\n")))
    before = bench.session.snapshot.generation
    bench.session.run(code)
    asking = await until(bench.session, lambda snapshot: snapshot.input_wanted is not None)
    assert asking.input_wanted is not None
    assert asking.input_wanted.prompt == "Who? "
    bench.session.answer_input("Ann")

    def done(snapshot: Snapshot) -> bool:
        return snapshot.generation > before and snapshot.runs["script.py"].state == "done"

    over = await until(bench.session, done)
    assert printed(over.runs["script.py"]) == ["Who? Ann", "hello Ann"]


async def test_the_first_stop_interrupts_and_the_second_ends(bench: Bench) -> None:
    text = (
        "import signal, threading\n"
        "try:\n"
        "    print('working', flush=True)\n"
        "    threading.Event().wait()\n"
        "except KeyboardInterrupt:\n"
        "    print('putting things in order', flush=True)\n"
        "    threading.Event().wait()\n"
    )
    session = bench.session
    code = code_of(place(bench.write(text)))
    task = asyncio.ensure_future(run_to_end(session, code))
    await until(session, lambda snapshot: "working" in told(snapshot))
    session.interrupt()
    await until(session, lambda snapshot: "putting things in order" in told(snapshot))
    session.interrupt()
    _, run = await task
    assert (run.state, run.exit_code) == ("interrupted", 137)


async def test_a_stop_that_nobody_catches_ends_with_130(bench: Bench) -> None:
    text = "import threading\nprint('working', flush=True)\nthreading.Event().wait()\n"
    task = asyncio.ensure_future(run_to_end(bench.session, code_of(place(bench.write(text)))))
    await until(bench.session, lambda snapshot: "working" in told(snapshot))
    bench.session.interrupt()
    _, run = await task
    assert (run.state, run.exit_code) == ("interrupted", 130)


def told(snapshot: Snapshot) -> list[str]:
    """What the running script has printed."""
    run = snapshot.runs.get("script.py")
    return printed(run) if run is not None and run.state == "running" else []


async def test_every_run_takes_the_text_and_a_process_of_its_own(bench: Bench) -> None:
    _, first = await bench.run("import os, torch\nprint(os.getpid())\n")
    _, second = await bench.run("import os\nprint(os.getpid(), 'torch' in globals())\n")
    pid, known = printed(second)[0].split()
    assert known == "False"
    assert pid != printed(first)[0]
    assert second.source.startswith("import os\n")


async def test_processes_by_spawn_import_the_script_again(bench: Bench) -> None:
    _, run = await bench.run(
        "import multiprocessing\n"
        "print('imported as', __name__, flush=True)\n"
        "def double(x):\n"
        "    return 2 * x\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(double, [1, 2]))\n"
    )
    assert run.problem is None
    assert printed(run) == ["imported as __main__", "imported as __mp_main__", "[2, 4]"]


async def test_ranks_run_the_top_of_the_file_as_python_has_it(bench: Bench) -> None:
    _, run = await bench.run(
        "import sys, torch, torch.multiprocessing as mp\n"
        "torch.manual_seed(5)\n"
        "def work(rank, out):\n"
        "    out[rank] = torch.rand(())\n"
        "    print(__name__, sys.argv[1:])\n"
        "if __name__ == '__main__':\n"
        "    out = torch.zeros(2)\n"
        "    mp.spawn(work, args=(out,), nprocs=2)\n"
        "    torch.manual_seed(5)\n"
        "    print(bool((out == torch.rand(())).all()))\n",
        "x",
    )
    assert run.problem is None
    assert printed(run)[-1] == "True"
    assert sorted(printed(run)[:-1]) == [
        "[rank 0] __mp_main__ ['x']",
        "[rank 1] __mp_main__ ['x']",
    ]


# ------------------------------------------------------------------ what it may do


async def test_writing_beside_the_script_is_denied_and_said_plainly(bench: Bench) -> None:
    _, run = await bench.run("open('result.txt', 'w')\n")
    assert not (bench.folder / "result.txt").exists()
    problem = run.problem
    assert problem is not None
    assert "did not let the script write" in problem.advice
    assert f"--allow {bench.folder}" in problem.advice
    _, run = await bench.run("import torch\ntorch.save({}, 'model.pt')\n")
    assert run.problem is not None
    assert "--allow" in run.problem.advice
    assert not (bench.folder / "model.pt").exists()


async def test_home_and_temporary_files_are_there_to_write(bench: Bench) -> None:
    _, run = await bench.run(
        "import os, tempfile\n"
        "open(os.path.expanduser('~/kept.txt'), 'w').write('x')\n"
        "tempfile.NamedTemporaryFile().write(b'x')\n"
    )
    assert run.problem is None


async def test_files_elsewhere_are_not_seen_and_the_option_is_named(
    bench: Bench, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("1,2")
    _, run = await bench.run(f"open({str(secret)!r}).read()\n")
    assert run.problem is not None
    assert f"--allow {secret}" in run.problem.advice


async def test_what_is_allowed_can_be_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "data").mkdir()
    script = tmp_path / "code" / "script.py"
    script.write_text("import sys\nopen(sys.argv[1] + '/out.txt', 'w').write('written')\n")
    where = place(script, str(tmp_path / "data"), allowed=(tmp_path / "data",))
    session = session_for(where, tmp_path / "scratch")
    await session.start()
    try:
        _, run = await run_to_end(session, code_of(where))
    finally:
        await session.close()
    assert run.problem is None
    assert (tmp_path / "data" / "out.txt").read_text() == "written"


class Greeter(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello from outside")

    def log_message(self, format: str, *args: object) -> None:
        """Quietly."""


@pytest.fixture
def outside() -> Iterator[str]:
    """The address of a server outside of the sandbox."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


FETCH = "import sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[1]).read().decode())\n"


async def test_the_network_is_closed_but_for_its_own_ports(bench: Bench, outside: str) -> None:
    _, run = await bench.run(FETCH, outside)
    assert run.problem is not None
    assert "--allow-network" in run.problem.advice
    _, run = await bench.run(
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "client = socket.create_connection(server.getsockname())\n"
        "client.sendall(b'x')\n"
        "print(server.accept()[0].recv(1))\n"
    )
    assert printed(run) == ["b'x'"]


@pytest.mark.parametrize("tier", ["", "good"])
async def test_the_network_can_be_allowed(tmp_path: Path, outside: str, tier: str) -> None:
    from dataclasses import replace

    script = tmp_path / "script.py"
    script.write_text(FETCH)
    where = place(script, outside)
    probe = session_for(where, tmp_path / "scratch", internet=True)
    session = Session(replace(probe._settings, tier=tier))
    session.reset_for(where.block, (where.block,), network="internet")
    await session.start()
    try:
        _, run = await run_to_end(session, code_of(where))
    finally:
        await session.close()
    assert run.problem is None
    assert printed(run) == ["hello from outside"]
