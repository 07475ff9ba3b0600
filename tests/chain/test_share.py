from hypothesis import given
from hypothesis import strategies as st

from chain.share import pairs, pro_rata

asked = st.dictionaries(st.binary(min_size=1, max_size=3), st.integers(0, 10**9), max_size=20)


def test_the_largest_remainders_get_what_is_left_over_and_ties_go_by_key():
    assert pro_rata({b"a": 1, b"b": 1, b"c": 1}, 2) == {b"a": 1, b"b": 1, b"c": 0}
    assert pro_rata({b"a": 10, b"b": 20, b"c": 30}, 20) == {b"a": 3, b"b": 7, b"c": 10}
    assert pro_rata({b"a": 5, b"b": 0}, 5) == {b"a": 5, b"b": 0}
    assert pro_rata({}, 0) == {} and pro_rata({b"a": 0}, 0) == {b"a": 0}


@given(asked, st.randoms())
def test_all_of_it_is_shared_out_nobody_gets_more_than_asked_and_order_does_not_matter(amounts, random):
    total = random.randint(0, sum(amounts.values()))
    shares = pro_rata(amounts, total)
    assert sum(shares.values()) == total
    whole = sum(amounts.values())
    for key, amount in amounts.items():
        assert 0 <= shares[key] <= amount
        assert abs(shares[key] * whole - amount * total) < whole or whole == 0, "within one unit of the exact share"
    mixed = list(amounts.items())
    random.shuffle(mixed)
    assert pro_rata(dict(mixed), total) == shares


@given(asked, st.randoms())
def test_pairs_hand_over_all_that_is_sold(sold, random):
    total = sum(sold.values())
    first = random.randint(0, total)
    bought = {b"x": first, b"y": total - first, b"z": 0}
    moved = list(pairs(sold, bought))
    assert all(amount > 0 for _, _, amount in moved)
    for side, amounts in ((0, sold), (1, bought)):
        assert {key: sum(one[2] for one in moved if one[side] == key) for key in amounts} == amounts
    assert len(moved) <= len([key for key in sold if sold[key]]) + 2
