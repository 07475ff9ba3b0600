"""The quick way accepts only what the wire accepts, with the same values. Oracles: wire, cbor2, PyNaCl."""

import re

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import canonical, quick
from tests.aggregator.area import NETWORK, bundle_of, reading_of, record, signer
from wire import bundle, cbor, cose, message, reading
from wire.errors import WireError

EDGES = sorted({0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**34 - 1, 2**48 - 1, 2**62})
LIMITS = [(0, 0), (0, 23), (0, 24), (1, 3600), (0, 1000), (0, 255), (0, 65535), (0, 2**32 - 1), (0, 2**34 - 1)]
LIMITS += [(0, 2**48 - 1), (-(2**31), 2**31 - 1), (-24, -1), (-25, 300), (7, 7), (-300, -257), (2**40, 2**40 + 2)]


@pytest.mark.parametrize(("low", "high"), LIMITS)
def test_a_pattern_matches_exactly_the_integers_in_its_limits(low, high):
    pattern = re.compile(canonical.integer(low, high))
    near = {edge + step for edge in (*EDGES, low, high, (low + high) // 2) for step in (-2, -1, 0, 1, 2)}
    for number in near | {-number for number in near}:
        assert bool(pattern.fullmatch(cbor2.dumps(number))) is (low <= number <= high), number


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(LIMITS))
def test_a_pattern_matches_no_other_integer(number, limits):
    low, high = limits
    matches = re.compile(canonical.integer(low, high)).fullmatch(cbor.encode(number))
    assert bool(matches) is (low <= number <= high)


@pytest.mark.parametrize("wrong", [b"\x18\x05", b"\x19\x00\xff", b"\x1a\x00\x00\xff\xff", b"\x1b" + bytes(8), b"\xf4"])
def test_longer_encodings_than_needed_do_not_match(wrong):
    assert re.compile(canonical.integer(-(2**31), 2**48)).fullmatch(wrong) is None


def agree(payload: bytes) -> None:
    found = quick.numbers(payload)
    try:
        expected = message.decode(reading.LAYOUT, payload, reading.SIZE_MAX)
    except WireError:
        assert found is None
        return
    if found is not None:
        assert (found[0], found[1], [reading.Record(*row) for row in found[2]]) == (
            expected.boot,
            expected.sequence,
            list(expected.records),
        )


def whole(kind) -> st.SearchStrategy[int]:
    return st.integers(kind[1], kind[2])


records = st.tuples(*(whole(kind) for _, kind in reading.RECORD.fields)).map(reading.Record._make)
readings = st.builds(
    reading.Reading, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(records, min_size=1, max_size=60)
)


@settings(max_examples=60, deadline=None)
@given(readings)
def test_every_valid_reading_goes_the_quick_way(content):
    payload = message.encode(reading.LAYOUT, content)
    assert quick.numbers(payload) is not None
    agree(payload)


@settings(max_examples=300, deadline=None)
@given(readings, st.data())
def test_changed_bytes_never_mean_something_else(content, data):
    payload = bytearray(message.encode(reading.LAYOUT, content))
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    agree(bytes(payload))
    agree(bytes(payload[: data.draw(st.integers(0, len(payload)))]))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.data())
def test_a_changed_envelope_is_cut_as_the_wire_cuts_it_or_not_at_all(count, data):
    signed = bytearray(reading_of("meter-1", 1, 1, *[record()] * count))
    assert quick.cut(bytes(signed)) is not None
    if data.draw(st.booleans()):
        signed[data.draw(st.integers(0, len(signed) - 1))] = data.draw(st.integers(0, 255))
    parts = quick.cut(bytes(signed))
    if parts is None:
        return
    envelope = cose.open_envelope(bytes(signed))
    device_id, protected_item, payload, payload_item, signature = parts
    assert (device_id, payload, signature) == (envelope.signer_id, envelope.payload, envelope.signature)
    said = quick.signed_message(protected_item, cbor.encode(NETWORK), payload_item)
    assert said == cose.signature_input(envelope.protected, envelope.payload, NETWORK)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=66), st.data())
def test_bundles_agree(parts, data):
    payload = bytearray(cbor.encode([1, 2, 3, parts]))
    if data.draw(st.booleans()):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    found = quick.readings_of(bytes(payload))
    try:
        expected = message.decode(bundle.LAYOUT, bytes(payload), bundle.SIZE_MAX)
    except WireError:
        assert found is None
        return
    assert found is None or tuple(found) == expected.readings


def test_a_bundle_of_readings_goes_the_quick_way():
    parts = [reading_of("meter-1", 1, number) for number in range(1, 65)]
    envelope = cose.open_envelope(bundle_of("mlmd-1", *parts))
    assert quick.readings_of(envelope.payload) == parts


def test_the_signature_is_over_what_the_standard_says():
    """RFC 9052, 4.4, written by cbor2 and verified by PyNaCl."""
    device_id, protected_item, payload, payload_item, signature = quick.cut(reading_of("meter-1", 1, 1))
    protected = cbor2.dumps({1: -8, 4: device_id, 16: 65001})
    to_be_signed = cbor2.dumps(["Signature1", protected, NETWORK, payload])
    assert quick.signed_message(protected_item, cbor2.dumps(NETWORK), payload_item) == to_be_signed
    from nacl.signing import VerifyKey

    VerifyKey(signer("meter-1").public_key).verify(to_be_signed, signature)
