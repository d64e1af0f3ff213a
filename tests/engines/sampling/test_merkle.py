from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingcha.engines.sampling import merkle, rows

# The test vectors of Certificate Transparency's reference implementation: heads of the first 1..8 of these entries.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
HEADS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [sha256(b"\x00" + bytes.fromhex(entry)).digest() for entry in ENTRIES]


def by_definition(leaves):
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def made(count):
    return [sha256(i.to_bytes(4, "big")).digest() for i in range(count)]


@pytest.mark.parametrize("count", range(1, 9))
def test_known_heads(count):
    assert merkle.root(LEAVES[:count]).hex() == HEADS[count - 1]


@given(st.integers(1, 300))
def test_head_is_the_definition(count):
    assert merkle.root(made(count)) == by_definition(made(count))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64, 65, 127])
def test_every_path_leads_to_the_head_and_no_other_does(count):
    leaves = made(count)
    tree = merkle.levels(leaves)
    for i, leaf in enumerate(leaves):
        path = merkle.path(tree, i)
        assert merkle.head_from_path(leaf, i, count, path) == tree[-1][0]
        assert merkle.head_from_path(leaf, i, count, [*path, bytes(32)]) is None
        if path:
            assert merkle.head_from_path(leaf, i, count, path[:-1]) is None
        if count > 1:
            assert merkle.head_from_path(leaf, (i + 1) % count, count, path) != tree[-1][0]
    assert merkle.head_from_path(leaves[0], count, count, []) is None


@pytest.mark.parametrize("count", [1, rows.CHUNK - 1, rows.CHUNK, rows.CHUNK + 1, 3 * rows.CHUNK + 5])
def test_heads_of_chunks_are_a_level_of_the_tree(count):
    leaves = made(count)
    heads = rows.spread(rows.head, "", b"".join(leaves), rows=count)
    assert merkle.root(list(rows.pieces(b"".join(heads)))) == merkle.root(leaves)


def test_no_leaves():
    with pytest.raises(ValueError):
        merkle.root([])
