"""deploy/: units that systemd takes, and nginx as it stands there in front of a real server on PostgreSQL."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT, done

DEPLOY = ROOT / "deploy"
NAME = "desk.example.gov.cn"
BODY_MB = 2


def test_systemd_takes_the_units(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.socket")]:
        text = path.read_text().replace("/opt/mingcha/.venv/bin/mingcha", "/bin/true")
        (tmp_path / path.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.glob("*.s*"))], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert not [line for line in checked.stderr.splitlines() if str(tmp_path) in line or "mingcha" in line]


@pytest.fixture
def front(server, tmp_path):
    """nginx with deploy/nginx.conf (ports, name and paths of this test's) before `mingcha serve --socket`."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx:
        pytest.skip("no nginx: apt-get install nginx-light")
    home, behind = tmp_path / "instance", tmp_path / "m.sock"
    settings = {
        **server,
        "MINGCHA_HOSTS": NAME,
        "MINGCHA_LOG": "json",
        "MINGCHA_LANG": "en",
        "MINGCHA_MAX_BODY_MB": str(BODY_MB),
    }
    done("init", "--username", "linqing", "--password", "Cloud-Ting-2026", home=home, **settings)
    log = (tmp_path / "serve.log").open("w")
    env = {**os.environ, **settings, "MINGCHA_HOME": str(home)}
    words = ["serve", "--socket", str(behind), "--processes", "2"]
    serve = subprocess.Popen([sys.executable, "-m", "mingcha.cli", *words], env=env, stdout=log, stderr=log, cwd=ROOT)
    ports = free(2)
    conf = configured(tmp_path, behind, ports)
    front = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(conf), "-g", "daemon off;"])
    try:
        for _ in range(300):
            assert serve.poll() is None, (tmp_path / "serve.log").read_text()
            if behind.exists() and ask(ports[1], "/healthz")[0].status == 200:
                break
            time.sleep(0.2)
        yield ports, tmp_path, serve
    finally:
        front.terminate()
        front.wait(10)
        serve.terminate()
        serve.wait(40)
        log.close()


def free(number):
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def configured(folder: Path, behind: Path, ports: list[int]) -> Path:
    key, certificate = folder / "key.pem", folder / "fullchain.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    made += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"listen \[::\].*\n", "\n", text)
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{ports[0]};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{ports[1]} ssl http2;"),
        ("/etc/ssl/mingcha", str(folder)),
        ("/run/mingcha.sock", str(behind)),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}"
        f"include {folder}/site.conf;\n}}\n"
    )
    return folder / "nginx.conf"


def ask(port, path, *, method="GET", body=None, secure=True, **headers):
    headers = {"Host": NAME, **{k.replace("_", "-"): v for k, v in headers.items()}}
    context = ssl._create_unverified_context()
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind("127.0.0.1", port, timeout=30, **({"context": context} if secure else {}))
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    except (ConnectionError, http.client.HTTPException):
        return type("Nothing", (), {"status": 0, "headers": {}})(), b""
    finally:
        connection.close()


def sign_in(port, password, **headers):
    answer, body = ask(port, "/account/sign-in/")
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', body)[1].decode()
    cookies = "; ".join(v.split(";")[0] for k, v in answer.getheaders() if k == "Set-Cookie")
    sent = f"csrfmiddlewaretoken={token}&username=linqing&password={password}"
    about = {"Cookie": cookies, "Content_Type": "application/x-www-form-urlencoded", "Referer": f"https://{NAME}/"}
    return ask(port, "/account/sign-in/", method="POST", body=sent, **about, **headers)


@pytest.mark.postgres
def test_nginx_in_front(front):
    (plain, port), folder, serve = front

    # TLS, and only TLS; HTTP/2; what browsers are told
    answer, _ = ask(plain, "/", secure=False)
    assert answer.status == 301 and answer.headers["Location"].startswith(f"https://{NAME}/")
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname=NAME) as tls:
        assert tls.selected_alpn_protocol() == "h2"
    answer, page = ask(port, "/account/sign-in/")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    cookies = [v for k, v in answer.getheaders() if k == "Set-Cookie"]
    assert cookies and all("Secure" in c and "HttpOnly" in c for c in cookies)
    assert ask(port, "/", Host="elsewhere.example")[0].status in (301, 400, 421)

    # styles: compressed, and kept by the browser for good
    style = re.search(rb'href="(/static/[0-9a-f]{16}/mc/css/base.css)"', page)[1].decode()
    answer, _ = ask(port, style, Accept_Encoding="gzip")
    assert answer.status == 200 and answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    for module in re.findall(rb'src="(/static/[^"]+)"', page):
        assert ask(port, module.decode())[0].status == 200

    # a body that is too large is refused in words
    answer, said = ask(port, "/account/sign-in/", method="POST", body=bytes((BODY_MB + 1) << 20))
    assert answer.status == 413 and "最多 2 MB".encode() in said

    # metrics and readiness: for this machine; alive: for all
    assert ask(port, "/readyz")[0].status == 200
    assert b"mingcha_requests_total" in ask(port, "/metrics")[1]

    # the lock-out sees the client, not the proxy, and not what the client claims
    for i in range(5):
        assert sign_in(port, "wrong", X_Forwarded_For=f"203.0.113.{i}")[0].status in (200, 429)
    refused, _ = sign_in(port, "Cloud-Ting-2026", X_Forwarded_For="203.0.113.99")
    assert refused.status == 429  # locked, though the password is right
    import psycopg

    name = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1")
    base = [line for line in (folder / "serve.log").read_text().splitlines() if line.startswith("{")]
    lines = [json.loads(line) for line in base]
    with psycopg.connect(host=name, user="postgres", dbname=f"mingcha_care_{os.getpid()}") as database:
        seen = {str(row[0]) for row in database.execute("SELECT DISTINCT ip_address FROM axes_accessattempt")}
    assert seen == {"127.0.0.1"}

    # the log: every request with its id and view, and nobody's name
    requests = [line for line in lines if line["logger"] == "mingcha.request"]
    assert {"accounts:login", "care:alive"} <= {line["view"] for line in requests}
    assert all(line["request"] and line["ms"] >= 0 for line in requests if line["view"] != "none")
    assert not [line for line in lines if "linqing" in json.dumps({k: v for k, v in line.items() if k != "trace"})]

    # many tries at once: nginx lets no more through
    statuses = [ask(port, "/account/sign-in/", method="POST", body="")[0].status for _ in range(60)]
    assert 429 in statuses and ask(port, "/account/sign-in/")[0].status == 200

    # told to stop, it ends in order
    serve.send_signal(signal.SIGTERM)
    assert serve.wait(40) == 0
