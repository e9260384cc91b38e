"""What a user sees when the application cannot start: the whole text, and the exit code."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness import AMOEBA, Run, alive, command, fetch, wait_for

APART = '\n[topologies.apart.processes.{0}]\nmodules = ["{0}"]\n'


def test_a_constructor_that_fails_ends_the_run_with_the_users_traceback(lab):
    more = '\n[modules.model]\nimplementation = "lab.broken:Raises"\n'
    done = command("run", "--port", "0", "--admin-port", "0", cwd=lab(more))
    assert done.returncode == 1
    assert re.findall(r"(\w+) leaves", done.stderr) == ["helper", "worker"]
    assert 'raise ValueError("the model file is damaged")' in done.stderr
    assert done.stderr.endswith(
        "ValueError: the model file is damaged\n"
        "amoeba: module 'model' failed to start\n"
        "amoeba: main.0, which runs the gateway, ended with exit code 1 while it started\n"
    )


def test_a_constructor_that_fails_elsewhere_is_reported_and_the_rest_serves(lab):
    more = '\n[modules.model]\nimplementation = "lab.broken:Raises"\n' + APART.format("model")
    with Run(lab(more), "-t", "apart").ready() as run:
        assert run.err.count("[model.0] ValueError: the model file is damaged") == 5
        assert "its modules are unavailable: model" in run.err
        assert run.get("/model/ping").status == 503
        assert run.get("/worker/echo/hello").json() == "hello"


def test_a_wiring_error_ends_the_run_with_2(lab):
    more = '\n[modules.odd]\nimplementation = "lab.helper_here:Missing"\n'
    done = command("run", "--port", "0", "--admin-port", "0", cwd=lab(more))
    assert done.returncode == 2
    assert "amoeba.toml:19: modules.odd.implementation: lab.helper_here has no 'Missing'" in (
        done.stderr
    )


def test_modules_that_need_each_other_across_processes_are_refused(lab):
    more = (
        '\n[modules.left]\ncontract = "lab.cycle:Left"\nimplementation = "lab.cycle:LeftHere"\n'
        '\n[modules.right]\ncontract = "lab.cycle:Right"\nimplementation = "lab.cycle:RightHere"\n'
    )
    apart = APART.format("left") + APART.format("right")
    done = command("run", "-t", "apart", "--port", "0", "--admin-port", "0", cwd=lab(more + apart))
    assert done.returncode == 2
    assert re.search(
        r"modules need each other: (left → right → left|right → left → right)", done.stderr
    )


def test_processes_that_block_on_each_other_are_refused(lab):
    more = (
        '\n[modules.ping]\nimplementation = "lab.blocking:Ping"\n'
        '\n[modules.pong]\nimplementation = "lab.blocking_too:Pong"\n'
    )
    apart = APART.format("ping") + APART.format("pong")
    done = command("run", "-t", "apart", "--port", "0", "--admin-port", "0", cwd=lab(more + apart))
    assert done.returncode == 2
    assert "processes block on each other: " in done.stderr


def test_a_port_in_use_is_named_with_what_to_do(lab):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("run", "--port", str(port), cwd=lab())
    assert done.returncode == 2
    assert done.stderr == (
        f"amoeba: --port: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "  hint: choose another port with --port, or run beside with --isolated\n"
    )


def test_an_unknown_topology_is_named_with_what_there_is(lab):
    folder = lab()
    done = command("run", "--topology", "appart", cwd=folder)
    assert done.returncode == 2
    assert done.stderr == (
        "amoeba: amoeba.toml: unknown topology 'appart'\n  hint: did you mean 'apart'?\n"
    )


def test_a_gpu_that_is_not_there_is_refused_before_anything_starts(lab):
    if Path("/proc/driver/nvidia/gpus").is_dir():
        pytest.skip("this machine has a GPU")
    more = '\n[topologies.apart.processes.workers]\nmodules = ["worker"]\ngpus = 1\n'
    done = command("run", "-t", "apart", cwd=lab(more))
    assert done.returncode == 2
    assert "GPUs asked for: 1; on this machine: none" in done.stderr


def test_no_configuration_file_is_named_with_what_to_do(tmp_path):
    done = command("run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "amoeba: amoeba.toml: there is no such file\n"
        "  hint: run in the folder that has amoeba.toml, or name the file: --config FILE\n"
    )


def test_a_full_disk_for_the_run_directory_is_a_clear_error(lab):
    disk = Path(tempfile.mkdtemp())  # sockets would be in it: their paths must be short
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        disk.rmdir()
        pytest.skip("a small disk can only be mounted by root")
    try:
        done = command("run", cwd=lab(), env={"XDG_RUNTIME_DIR": str(disk)})
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()
    assert done.returncode == 2
    assert "the run directory cannot be used: No space left on device" in done.stderr
    assert "hint: free some space there, or set XDG_RUNTIME_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failing_lifespan_ends_the_run(lab, tmp_path):
    package = tmp_path / "web.py"
    package.write_text("async def api(scope, receive, send):\n    raise OSError('no database')\n")
    text = '[app]\nname = "web"\ngateway = "web:api"\n[gateway.uvicorn]\nlifespan = "on"\n'
    (tmp_path / "amoeba.toml").write_text(text)
    done = command("run", "--port", "0", "--admin-port", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert "OSError: no database" in done.stderr
    assert "the gateway's lifespan failed" in done.stderr


def test_three_lines_run_an_existing_fastapi_app_unchanged(tmp_path):
    (tmp_path / "shop.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n\n"
        "@app.get('/items/{number}')\ndef item(number: int) -> dict[str, int]:\n"
        "    return {'number': number}\n"
    )
    (tmp_path / "amoeba.toml").write_text('[app]\nname = "shop"\ngateway = "shop:app"\n')
    with Run(tmp_path).ready() as run:
        assert run.get("/items/3").json() == {"number": 3}
        assert run.get("/items/x").status == 422
        assert run.get("/nowhere").status == 404
        assert run.get("/docs").status == 200


def test_a_breakpoint_works_when_there_is_one_process(lab):
    """A terminal of its own: the prompt of pdb appears there, and `c` goes on."""
    folder = lab("")
    ours, theirs = pty.openpty()
    arguments = [*AMOEBA, "run", "--port", "0", "--admin-port", "0"]
    process = subprocess.Popen(
        arguments, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    screen = _Screen(ours)
    try:
        url = screen.wait_for(r"amoeba: (http\S+)  \(admin")[1]
        asking = subprocess.Popen(
            [
                "python3",
                "-c",
                f"import urllib.request as r; print(r.urlopen('{url}/gateway/break').read())",
            ],
            stdout=subprocess.PIPE,
        )
        screen.wait_for(r"\(Pdb\)")
        os.write(ours, b"p 40 + 2\n")
        screen.wait_for(r"\b42\b")
        os.write(ours, b"c\n")
        assert asking.communicate(timeout=30)[0] == b"b'\"went on\"'\n"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        os.close(ours)


def test_ctrl_c_in_a_terminal_ends_the_run_and_its_process(lab):
    folder = lab("")
    ours, theirs = pty.openpty()
    arguments = [*AMOEBA, "run", "--port", "0", "--admin-port", "0"]
    process = subprocess.Popen(
        ["setsid", "--ctty", *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    screen = _Screen(ours)
    try:
        url = screen.wait_for(r"amoeba: (http\S+)  \(admin")[1]
        pid = fetch(f"{url}/gateway/pid").json()
        os.write(ours, b"\x03")
        assert process.wait(30) == 0
        wait_for(lambda: not alive(pid), "the end of its only replica")
        assert "Traceback" not in screen.text
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)
        os.close(ours)


def test_a_replica_that_takes_too_long_is_named_and_those_that_wait_for_it_are_not(lab):
    more = (
        '\n[modules.slow]\nimplementation = "lab.broken:NeverReady"\n'
        '\n[modules.waiting]\nimplementation = "lab.broken:Waiting"\n'
        "\n[supervisor]\nstart_timeout = 1\n"
    )
    apart = APART.format("slow") + APART.format("waiting")
    with Run(lab(more + apart), "-t", "apart") as run:
        run.wait_for_line(
            r"slow\.0 was not ready after 1 s \(start_timeout in \[supervisor\]\) and was ended"
        )
        assert "waiting.0 was not ready" not in run.err
        assert "main.0 was not ready" not in run.err


def test_a_method_that_exits_is_an_error_of_its_caller_and_nothing_more(lab):
    more = '\n[modules.leaver]\nimplementation = "lab.broken:Leaver"\n' + APART.format("leaver")
    with Run(lab(more), "-t", "apart").ready() as run:
        before = run.get("/leaver/pid").json()
        assert run.get("/leaver/leave").status == 500
        assert run.get("/leaver/pid").json() == before


class _Screen:
    """What a terminal shows so far."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.text = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            if select.select([self._fd], [], [], 0.05)[0]:
                self.text += os.read(self._fd, 65536).decode(errors="replace")
            return re.search(pattern, self.text)

        return wait_for(found, f"{pattern!r} on the terminal")


def test_a_run_directory_too_long_for_sockets_is_a_clear_error(lab, tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    done = command("run", cwd=lab(), env={"XDG_RUNTIME_DIR": str(deep)})
    assert done.returncode == 2
    assert "its socket's path would be" in done.stderr
    assert "expected: 107 bytes at most: no Unix socket may have more" in done.stderr
    assert "hint: set XDG_RUNTIME_DIR to a folder with a shorter path" in done.stderr
    assert "Traceback" not in done.stderr
