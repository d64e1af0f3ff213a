"""`mingcha serve` has a worker beside it: one, that comes again when it dies and ends when the server does."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def serve(instance):
    """serve() starts a server over the instance and returns its process."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    started = []

    def start():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "mingcha.cli", "serve", "--port", str(port)]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def workers(server):
    try:
        return [c for c in psutil.Process(server.pid).children() if "worker" in c.cmdline()]
    except psutil.NoSuchProcess:
        return []


def until(what, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.2)
    pytest.fail("it didn't come to that")


def test_it_comes_again_and_ends_with_the_server(serve):
    server = serve()
    (first,) = until(lambda: workers(server))
    first.kill()
    (second,) = until(lambda: [w for w in workers(server) if w.pid != first.pid])
    until(lambda: Path(os.environ["MINGCHA_HOME"], "tmp", "worker.lock").exists())
    server.terminate()
    server.wait(20)
    assert not psutil.pid_exists(second.pid) or psutil.Process(second.pid).status() == "zombie"


def test_it_ends_when_the_server_was_killed(serve):
    server = serve()
    (worker,) = until(lambda: workers(server))
    until(lambda: Path(os.environ["MINGCHA_HOME"], "tmp", "worker.lock").exists())
    server.send_signal(signal.SIGKILL)
    server.wait(10)
    until(lambda: not psutil.pid_exists(worker.pid) or worker.status() == "zombie")
