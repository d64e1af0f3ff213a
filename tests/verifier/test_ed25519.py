"""The verifier's own Ed25519: RFC 8032's vectors, agreement with another implementation, and strictness."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verifier.conftest import load_verifier

V = load_verifier()

# RFC 8032, section 7.1: public key, message, signature
RFC = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]  # fmt: skip
# the eight points of small order, canonically encoded: with such a key any message has a "signature"
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC)
def test_rfc_vectors(key, message, signature):
    key, message, signature = map(bytes.fromhex, (key, message, signature))
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)  # the vector is copied right
    assert V.signed(key, message, signature)
    assert not V.signed(key, message + b"x", signature)
    assert not V.signed(bytes([key[0] ^ 1]) + key[1:], message, signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(0, 511))
@settings(max_examples=25, deadline=None)
def test_agrees_with_another_implementation(secret, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert V.signed(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    try:
        key.public_key().verify(bytes(signature), message)
        other = True
    except InvalidSignature:
        other = False
    assert V.signed(public, message, bytes(signature)) == other


def test_a_second_signature_made_from_the_first_is_refused():
    key, message, signature = (bytes.fromhex(part) for part in RFC[1])
    s = int.from_bytes(signature[32:], "little") + V.ORDER
    assert not V.signed(key, message, signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("key", SMALL)
def test_keys_of_small_order_sign_nothing(key):
    point = bytes.fromhex(key)
    assert not any(V.signed(point, bytes([i]), bytes.fromhex(other) + bytes(32)) for i in range(4) for other in SMALL)


def test_only_the_one_encoding_of_a_point_is_a_key():
    prime = (2**255 - 19).to_bytes(32, "little")
    assert V.point_decode(prime) is None  # y = 0 written as p
    assert V.point_decode(b"\xff" * 32) is None
    assert V.point_decode(bytes.fromhex("01" + "00" * 30 + "80")) is None  # x = 0 with a sign
    assert V.point_decode(bytes([2]) + bytes(31)) is None  # not on the curve
    assert V.point_encode(V.BASE)[1:] == b"\x66" * 31
