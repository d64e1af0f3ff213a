"""Who asks, behind a proxy: what a proxy says of its client is believed of trusted proxies only.

Outside Django, so that everything (the lock-out, the audit trail, the scheme of links) sees one truth: REMOTE_ADDR is
the client's, `wsgi.url_scheme` is what he typed, and the headers in which anyone may claim otherwise are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CLAIMS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
FORWARDED = "mingcha.forwarded"  # in the environ, where someone claimed who wasn't believed


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, joined by commas. ValueError where one is none."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def behind_proxies(application: Application, trusted: Sequence[Network]) -> Application:
    """Who comes by a Unix socket is trusted as well: its file says who may."""

    def seen(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        claims = {name: environ.pop(name) for name in CLAIMS if name in environ}
        peer = environ.get("REMOTE_ADDR", "")
        if not peer or _within(peer, trusted):
            environ["REMOTE_ADDR"] = _client(claims.get("HTTP_X_FORWARDED_FOR", ""), peer, trusted)
            if claims.get("HTTP_X_FORWARDED_PROTO", "").rsplit(",", 1)[-1].strip() == "https":
                environ["wsgi.url_scheme"] = "https"
        elif claims:
            environ[FORWARDED] = True
        return application(environ, start_response)

    return seen


def _client(chain: str, peer: str, trusted: Sequence[Network]) -> str:
    """The nearest address in `chain` that isn't a trusted proxy's: what stands before it anyone may have written."""
    found = peer or "127.0.0.1"  # by the socket and without a claim: someone on this machine
    for one in reversed(chain.split(",")):
        try:
            found = str(ip_address(one.strip()))
        except ValueError:
            break
        if not _within(found, trusted):
            break
    return found


def _within(address: str, trusted: Sequence[Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip.version == network.version and ip in network for network in trusted)
