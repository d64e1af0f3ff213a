"""A party's key: one file it keeps, one it hands out, and the nonce it keeps between commitment and reveal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mingcha.engines.sampling import ceremony, files
from mingcha.engines.sampling.ceremony import Party, Terms
from mingcha.engines.sampling.encoding import digest
from mingcha.engines.sampling.files import read_json, take_bytes, take_text, write_json
from mingcha.problems import Problem

PRIME = 2**255 - 19
ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = {0, 1, PRIME - 1, PRIME, PRIME + 1, ORDER_8, PRIME - ORDER_8}  # y of Ed25519's points of order 1 to 8

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def keygen(party: str, path: Path, passphrase: bytes | None = None) -> bytes:
    """Write the party's key file (readable by its owner only) and PATH.pub beside it; the public key."""
    from cryptography.hazmat.primitives import serialization

    party = party_name(party)
    if path.exists():
        raise Problem(
            zh="密钥文件已存在，不会覆盖", en="The key file exists; it is never written over", where=str(path)
        )
    key = ceremony.new_key()
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()
    raw = ceremony.public_key(key)
    write_json(path, {"format": files.FORMAT.format("key"), "id": party, "secret": pem}, files.SECRET)
    write_json(public_file(path), {"format": files.FORMAT.format("party"), "id": party, "key": raw.hex()})
    return raw


def public_file(key_file: Path) -> Path:
    return key_file.with_name(key_file.name + ".pub")


def read_party(path: Path) -> tuple[str, bytes]:
    """(id, public key) from the file that a party hands out."""
    if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
        raise Problem(
            zh="这是私钥，不是公钥：它已离开保管人之手，不能再用",
            en="This is the PRIVATE key, not the public one: it has left its keeper's hands and is of no use any more",
            where=str(path),
            todo_zh="请该方用 mingcha draw keygen 重新生成一把，只交出 .pub 文件。",
            todo_en="Let the party make a new one with mingcha draw keygen, and hand out the .pub file only.",
        )
    value = read_json(path, "party")
    key = take_bytes(value, "key", 32, path)
    if int.from_bytes(key, "little") % 2**255 in SMALL_ORDER:
        raise Problem(
            zh="这把公钥什么都能“签”（小阶点），不能使用",
            en='This public key "signs" anything (a point of small order) and can\'t be used',
            where=str(path),
            todo_zh="请该方用 keygen 重新生成。",
            todo_en="Let the party make another with keygen.",
        )
    return party_name(take_text(value, "id", path)), key


def read_key(path: Path, terms: Terms, passphrase: bytes | None = None) -> tuple[str, Ed25519PrivateKey]:
    """(party id, private key). Problem unless these terms name that party with that key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    value = read_json(path, "key")
    party = take_text(value, "id", path)
    try:
        key = load_pem_private_key(take_text(value, "secret", path).encode(), passphrase)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Problem(
            zh="打不开密钥：口令不对，或文件损坏",
            en="The key can't be opened: a wrong passphrase, or a damaged file",
            where=str(path),
            todo_zh="加 --passphrase 后重新输入口令。",
            todo_en="Give --passphrase and enter it again.",
        )
    named = {member["id"]: member["key"] for member in terms.params["parties"]}
    if named.get(party) != ceremony.public_key(key).hex():
        raise Problem(
            zh=f"本次抽取的参数中没有以此密钥登记的“{party}”",
            en=f"The parameters of this draw name no {party} with this key",
            where=str(path),
            todo_zh="请用登记时的密钥，或请组织方核对参与方名单。",
            todo_en="Use the key that was registered, or have the list of parties checked.",
        )
    return party, key


@dataclass(frozen=True)
class Kept:
    """What a party remembers of one ceremony: its nonce and, once revealed, the commitments that it saw by then."""

    path: Path
    nonce: bytes
    seen: dict[str, str]  # party id: commitment in hex


def read_kept(key_file: Path, terms: Terms) -> Kept | None:
    """What is kept beside the key of just these terms; None if nothing is.

    Bound to all of the terms: a nonce that served in one ceremony is known, and must not serve in another.
    """
    path = _kept_file(key_file, terms)
    if not path.exists():
        return None
    value = read_json(path, "nonce")
    seen = value.get("seen")
    if (value.get("root"), value.get("params_hash")) != (terms.root.hex(), terms.params_hash.hex()):
        raise Problem(zh="随机数文件属于另一次抽取", en="The nonce file is of another draw", where=str(path))
    return Kept(path, take_bytes(value, "nonce", 32, path), seen if isinstance(seen, dict) else {})


def keep(key_file: Path, terms: Terms, nonce: bytes, seen: dict[str, str] | None = None) -> None:
    """On the disk, before anyone sees the commitment or the reveal."""
    head = {"format": files.FORMAT.format("nonce"), "draw": terms.draw, "root": terms.root.hex()}
    value = head | {"params_hash": terms.params_hash.hex(), "nonce": nonce.hex(), "seen": seen or {}}
    write_json(_kept_file(key_file, terms), value, files.SECRET)


def check_seen(kept: Kept, parties: Iterable[Party]) -> None:
    """Problem if a commitment is no longer the one that was there when this party revealed.

    The signatures can't show that: each party signs its own commitment only. A party that makes another one after
    it has seen our nonce chooses the seed.
    """
    now = {party.id: party.commitment.hex() for party in parties}
    changed = sorted(name for name, commitment in kept.seen.items() if now.get(name) != commitment)
    if changed:
        raise Problem(
            zh=f"{'、'.join(changed)} 的承诺已不是本方揭示时的那一个：有人看过本方随机数后换了自己的",
            en=f"The commitment of {', '.join(changed)} is not the one that was there when this party revealed: "
            "a number was changed after ours was known",
            where=str(kept.path),
            todo_zh="不要签认，提出异议；揭示时见到的承诺记在该文件中。",
            todo_en="Don't sign; object. That file holds the commitments seen at the reveal.",
        )


def _kept_file(key_file: Path, terms: Terms) -> Path:
    name = digest("nonce-file", terms.draw, terms.root, terms.params_hash).hex()[:32]
    return key_file.with_name(f"{key_file.stem}.{name}.nonce")


def party_name(party: str) -> str:
    """A party's id in NFC: letters, digits, - _ . in any script, since it names files."""
    party = unicodedata.normalize("NFC", party)
    if not party or party.startswith(".") or not all(c.isalnum() or c in "-_." for c in party):
        raise Problem(
            zh=f"参与方名称“{party}”只能用文字、数字和 - _ .",
            en=f"A party's name may hold letters, digits and - _ . only, not {party!r}",
        )
    return party
