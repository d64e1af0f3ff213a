"""The filter never says "no" of a record that it has seen, and seldom "maybe" of one that it has not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.lake.seen import Seen


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20), max_size=50), max_size=6))
def test_whatever_was_seen_is_found_again(blocks):
    seen, before = Seen(10), set()
    for block in blocks:
        found = seen.maybe(np.array(block, np.uint64))
        for hash_, maybe in zip(block, found.tolist(), strict=True):
            assert maybe or hash_ not in before
            before.add(hash_)


def test_few_are_doubted_in_vain():
    random = np.random.default_rng(1)
    hashes = random.integers(0, 2**64 - 1, 1_000_000, np.uint64)
    seen = Seen(1_000_000)
    seen.add(hashes)
    others = random.integers(0, 2**64 - 1, 200_000, np.uint64)
    assert seen.maybe(others).mean() < 0.02
    assert seen.maybe(hashes[:1000]).all()


def test_the_first_of_a_block_is_not_its_own_double():
    assert Seen(10).maybe(np.array([7, 8, 7, 7], np.uint64)).tolist() == [False, False, True, True]
