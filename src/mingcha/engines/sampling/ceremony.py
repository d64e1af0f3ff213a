"""The parties' part of a draw: keys, commitments before any nonce is known, reveals, the seed, attestations.

One honest party, or the public value, is enough to make the seed unpredictable.
Source: docs/draw-protocol.md, "The ceremony".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mingcha.engines.sampling.encoding import Params, digest, params_hash
from mingcha.problems import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Terms:
    """What the parties sign before any nonce is known: the name of the draw, its root, its parameters."""

    draw: str
    root: bytes
    params: Params

    @property
    def params_hash(self) -> bytes:
        return params_hash(self.params)


@dataclass(frozen=True)
class Party:
    """A party's commitment, and its nonce once revealed (None: it did not reveal)."""

    id: str
    key: bytes
    commitment: bytes
    signature: bytes
    nonce: bytes | None = None


@dataclass(frozen=True)
class Attestation:
    """A party's signature of the result, after its audit."""

    id: str
    signature: bytes


def new_key() -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def public_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def commit(terms: Terms, party: str, key: Ed25519PrivateKey, nonce: bytes | None = None) -> tuple[Party, bytes]:
    """The party's signed commitment, and the fresh nonce that it must keep until the reveals."""
    nonce = nonce or secrets.token_bytes(32)
    commitment = digest("nonce", party, nonce)
    return Party(party, public_key(key), commitment, key.sign(_to_sign(terms, commitment))), nonce


def check_commitment(terms: Terms, party: Party) -> None:
    """Problem unless the party signed these terms with this commitment."""
    if not _signed(party.key, party.signature, _to_sign(terms, party.commitment)):
        raise Problem(
            zh=f"参与方“{party.id}”的承诺签名不成立：签的不是本次抽取的名录和参数，或密钥不符",
            en=f"The commitment of party {party.id} is not signed for this draw's frame and parameters by its key",
            todo_zh="请该方核对 ceremony.json 后重新承诺。",
            todo_en="Let the party check ceremony.json and commit again.",
        )


def reveal(party: Party, nonce: bytes) -> Party:
    """The party with its nonce. Problem if this is not what it committed to."""
    if digest("nonce", party.id, nonce) != party.commitment:
        raise Problem(
            zh=f"参与方“{party.id}”揭示的随机数与其承诺不符",
            en=f"What party {party.id} revealed is not the nonce that it committed to",
            todo_zh="请该方从承诺时保存的随机数文件重新揭示；找不到则视为未揭示。",
            todo_en="Let it reveal from the nonce file it kept; if that is lost, it counts as not revealed.",
        )
    return replace(party, nonce=nonce)


def seed(terms: Terms, parties: Iterable[Party], public_value: str) -> bytes:
    """The seed from all reveals, in ascending order of party id, and the public value."""
    revealed = sorted((p for p in parties if p.nonce is not None), key=lambda p: p.id.encode())
    said = [field for p in revealed for field in (p.id, p.nonce or b"")]
    if not said and not public_value:
        raise Problem(
            zh="没有任何随机来源：无人揭示，也没有公开值",
            en="There is nothing random: nobody revealed and there is no public value",
            todo_zh="请给出事先指明的公开值（--public-value）。",
            todo_en="Give the public value that was named beforehand (--public-value).",
        )
    return digest("seed", terms.draw, terms.root, terms.params_hash, *said, public_value)


def attest(party: str, key: Ed25519PrivateKey, result: bytes) -> Attestation:
    return Attestation(party, key.sign(result))


def check_attestation(parties: Iterable[Party], attestation: Attestation, result: bytes) -> None:
    """Problem unless the named party signed this result with the key it committed with."""
    keys = {party.id: party.key for party in parties}
    if attestation.id not in keys:
        raise Problem(
            zh=f"签认方“{attestation.id}”不是本次抽取的参与方",
            en=f"{attestation.id}, who attests, is not a party of this draw",
        )
    if not _signed(keys[attestation.id], attestation.signature, result):
        raise Problem(
            zh=f"“{attestation.id}”的签认不成立：签的不是这个结果，或不是其密钥",
            en=f"The attestation of {attestation.id} is not its signature of this result",
            todo_zh="请该方对本目录的 public.json 重新签认。",
            todo_en="Let it attest again, to the public.json of this folder.",
        )


def _to_sign(terms: Terms, commitment: bytes) -> bytes:
    return digest("commit", terms.draw, terms.root, terms.params_hash, commitment)


def _signed(key: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
