"""Whose word is taken for who asks."""

import pytest

from mingcha.care.proxy import behind_proxies, networks


def asked(trusted="", peer="", **headers):
    seen = {}

    def application(environ, _):
        seen.update(environ)
        return []

    claims = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **claims}
    behind_proxies(application, networks(trusted))(environ, None)
    assert not [name for name in seen if name.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL"))]
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], "mingcha.forwarded" in seen


@pytest.mark.parametrize(
    ("trusted", "peer", "chain", "client"),
    [
        ("", "198.51.100.7", "203.0.113.1", "198.51.100.7"),  # nobody is trusted: a claim is only a claim
        ("10.0.0.0/8", "10.1.2.3", "203.0.113.1", "203.0.113.1"),
        ("10.0.0.0/8", "10.1.2.3", "6.6.6.6, 203.0.113.1, 10.9.9.9", "203.0.113.1"),  # what the client wrote is left
        ("10.0.0.0/8", "10.1.2.3", "6.6.6.6, nonsense", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3", "", "10.1.2.3"),
        ("2001:db8::/32", "2001:db8::1", "2400::5", "2400::5"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("", "", "203.0.113.1", "203.0.113.1"),  # by the Unix socket
        ("", "", "", "127.0.0.1"),
    ],
)
def test_who_asks(trusted, peer, chain, client):
    headers = {"x_forwarded_for": chain, "x_forwarded_proto": "https"} if chain else {}
    found, scheme, claimed = asked(trusted, peer, **headers)
    assert found == client
    believed = not peer or (trusted and peer.removeprefix("::ffff:").startswith(("10.", "2001:")))
    assert (scheme == "https") == bool(chain and believed)
    assert claimed == bool(chain and not believed)


def test_a_wrong_setting_is_an_error_at_once():
    with pytest.raises(ValueError):
        networks("10.0.0.0/8, everyone")
