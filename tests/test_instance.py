"""The instance's signing key: whole or not there, one for all who start at once, and its owner's only."""

import subprocess
import sys

import pytest

from mingcha.instance import secret_key
from mingcha.problems import Problem

SLOWLY = """
import secrets, time
token = secrets.token_urlsafe
secrets.token_urlsafe = lambda size: (time.sleep(0.3), token(size))[1]
"""
ON_A_FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
"""
PRINT = """
from mingcha.instance import secret_key
print(secret_key())
"""


@pytest.fixture
def start(instance, monkeypatch):
    """Begin a command that needs the key."""
    monkeypatch.delenv("MINGCHA_SECRET_KEY", raising=False)

    def start(code=""):
        return subprocess.Popen(
            [sys.executable, "-c", code + PRINT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def test_a_first_start_on_a_full_disk_leaves_nothing_in_the_way(start, instance):
    failed = start(ON_A_FULL_DISK)
    assert "File too large" in failed.communicate()[1]
    assert not (instance / "secret.key").exists()
    key, errors = start().communicate()
    assert len(key.strip()) == 64, errors
    assert (instance / "secret.key").stat().st_mode & 0o777 == 0o600
    assert secret_key() == key.strip()


def test_first_starts_at_once_have_one_key(start, instance):
    for left in (None, ""):
        if left is not None:
            (instance / "secret.key").write_text(left)
        keys = {process.communicate()[0] for process in [start(SLOWLY) for _ in range(3)]}
        assert len(keys) == 1 and len(keys.pop().strip()) == 64


def test_an_empty_key_file_is_mended_and_a_short_one_named(start, instance, monkeypatch):
    instance.mkdir()
    (instance / "secret.key").write_text("\n")
    with pytest.raises(Problem) as caught:
        secret_key()
    assert str(instance / "secret.key") in caught.value.text("zh") and "delete it" in caught.value.text("en")
    (instance / "secret.key").write_text("")
    assert len(secret_key()) == 64
    assert [p.name for p in instance.glob("secret*")] == ["secret.key"]
    monkeypatch.setenv("MINGCHA_SECRET_KEY", "from the environment")
    assert secret_key() == "from the environment"
