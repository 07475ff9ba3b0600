"""Promise R9, in a test's time: no malformed bytes crash the decoder, and all decoders agree."""

import os

from hypothesis import given
from hypothesis import strategies as st

from tests.wire import fuzz
from wire import cbor, cose
from wire.errors import WireError

COUNT = int(os.environ.get("FUZZ_CASES", "30000"))
SEED = 20261120


def test_both_interpreters_and_cbor2_agree():
    verdicts = fuzz.play(COUNT, SEED)
    assert verdicts["taken"] > COUNT // 50  # the mutations are not all so coarse that nothing gets through
    assert len(verdicts) > 10


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused_by_name(data):
    try:
        assert cbor.encode(cbor.decode(data, 200)) == data
    except WireError as error:
        assert not fuzz.cbor2_accepts(data), error


ITEMS = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40),
    lambda items: st.lists(items, max_size=5) | st.dictionaries(st.integers(-100, 1 << 40), items, max_size=4),
    max_leaves=20,
)


@given(ITEMS.filter(lambda item: fuzz.is_of_the_wire(item, cbor.DEPTH_MAX)))
def test_what_is_written_is_what_cbor2_writes_and_is_read_back(item):
    data = cbor.encode(item)
    assert data == fuzz.written_by_cbor2(item)
    assert cbor.decode(data, len(data)) == item


# The short cut through a regular envelope and the long way come to the same parts.
@given(st.binary(min_size=8, max_size=8), st.integers(0, 0xFFFF), st.binary(max_size=600), st.binary(max_size=3))
def test_both_ways_through_an_envelope(signer_id, kind, payload, tail):
    data = cose.seal(kind, signer_id, payload, b"", lambda _: bytes(64))
    parts = cose.open_envelope(data)
    assert parts == cose._take_apart(data) == (data, kind, signer_id, parts.protected, payload, bytes(64))
    assert not tail or cose._cut(data + tail) is None
    assert cose._cut(data[: len(data) - 1 - len(tail)]) is None
