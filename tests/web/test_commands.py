"""`mingcha init`, `user` and `serve` as a newcomer runs them."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "mingcha.cli"]


def _run(*arguments: str, home) -> subprocess.CompletedProcess:
    environment = os.environ | {"MINGCHA_HOME": str(home), "MINGCHA_LANG": "en"}
    return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=120)


def test_an_instance_is_made_and_people_are_added(instance):
    made = _run("init", "--username", "head", "--password", "Cloud-Ting-2026", "--division", "98", home=instance)
    assert made.returncode == 0 and "mingcha serve" in made.stdout
    weak = _run("user", "add", "lin", "--password", "short", "--role", "officer", home=instance)
    assert weak.returncode == 2 and "too weak" in weak.stderr
    assert _run("user", "add", "lin", "--password", "Long-Enough-1", "--role", "officer", home=instance).returncode == 0
    twice = _run("user", "add", "lin", "--password", "Long-Enough-1", home=instance)
    assert twice.returncode == 2 and "taken" in twice.stderr
    assert _run("user", "password", "lin", "--password", "Longer-Still-2", home=instance).returncode == 0
    nobody = _run("user", "password", "nobody", "--password", "Longer-Still-2", home=instance)
    assert nobody.returncode == 2 and "There is no user 'nobody'" in nobody.stderr
    listed = _run("user", "list", home=instance).stdout
    assert "head" in listed and "lin" in listed and "administrator" in listed


def test_a_list_of_no_users_says_so(instance):
    listed = _run("user", "list", home=instance)
    assert listed.returncode == 0 and "No users yet: mingcha init" in listed.stdout


def test_a_port_in_use_is_said_plainly(instance):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = _run("serve", "--port", str(taken.getsockname()[1]), home=instance)
    assert done.returncode == 2 and "Choose another port" in done.stderr


@pytest.mark.parametrize(
    ("name", "hosts", "status"),
    [
        ("own", None, 302),
        ("elsewhere.example", None, 400),
        ("desk.example", "desk.example", 302),
        ("own", "desk.example", 400),
    ],
)
def test_served_to_others_it_answers_to_its_own_names_only(instance, name, hosts, status):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"MINGCHA_HOME": str(instance), "MINGCHA_LANG": "en"}
    environment |= {"MINGCHA_HOSTS": hosts} if hosts else {}
    words = ["serve", "--host", "0.0.0.0", "--port", str(port)]
    server = subprocess.Popen([*COMMAND, *words], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert "MINGCHA_HOSTS" in server.stdout.readline() + server.stdout.readline()
        asked = socket.gethostname() if name == "own" else name
        for _ in range(100):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("GET", "/", headers={"Host": f"{asked}:{port}"})
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        assert connection.getresponse().status == status
    finally:
        server.terminate()
        server.wait()
