"""A party's key: one file it keeps, one it hands out, and the nonce it keeps between commitment and reveal."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from mingcha.engines.sampling import ceremony, files
from mingcha.engines.sampling.ceremony import Terms
from mingcha.engines.sampling.files import read_json, take_bytes, take_text, write_json
from mingcha.problems import Problem

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
    value = read_json(path, "party")
    return party_name(take_text(value, "id", path)), take_bytes(value, "key", 32, path)


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


def nonce_file(key_file: Path, terms: Terms) -> Path:
    return key_file.with_name(f"{key_file.stem}.{terms.root.hex()[:16]}.nonce")


def keep_nonce(path: Path, terms: Terms, party: str, nonce: bytes) -> None:
    head = {"format": files.FORMAT.format("nonce"), "draw": terms.draw, "id": party}
    write_json(path, head | {"nonce": nonce.hex()}, files.SECRET)


def read_nonce(path: Path) -> bytes:
    return take_bytes(read_json(path, "nonce"), "nonce", 32, path)


def party_name(party: str) -> str:
    """A party's id in NFC: letters, digits, - _ . in any script, since it names files."""
    party = unicodedata.normalize("NFC", party)
    if not party or party.startswith(".") or not all(c.isalnum() or c in "-_." for c in party):
        raise Problem(
            zh=f"参与方名称“{party}”只能用文字、数字和 - _ .",
            en=f"A party's name may hold letters, digits and - _ . only, not {party!r}",
        )
    return party
