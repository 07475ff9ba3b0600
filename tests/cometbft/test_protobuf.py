"""
The codec against CometBFT's own: vectors.json holds every message as its Go types encode it (vectors.go made it), and
whatever bytes come, the answer is a message or a ProtobufError.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.cometbft import messages
from chain.cometbft.messages import REQUEST, RESPONSE, TX_RESULT, VALIDATOR_UPDATE
from chain.cometbft.protobuf import BYTES, INT, STRING, UINT, Field, Message, ProtobufError, decode, encode, varint
from chain.cometbft.server import framed, read_request, respond

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())
KEYS = [bytes((number,)) * 32 for number in range(3)]
TXS = (b"one", b"two", bytes(300))
SNAPSHOT = messages.SNAPSHOT(100, 1, 2, b"hash", b"meta")
PROOF = messages.PROOF_OPS((messages.PROOF_OP("gridtide:trie", b"\x12", bytes(64)),))


def update(number: int, power: int) -> object:
    return VALIDATOR_UPDATE(messages.PUBLIC_KEY(KEYS[number]), power)


REQUESTS = {
    "echo": {"message": "hallo wörld"},
    "flush": {},
    "info": {"version": "0.38.26", "abci_version": "2.0.0"},
    "init_chain": {
        "chain_id": "gridtide-00",
        "validators": (update(1, 10), update(2, 11)),
        "app_state_bytes": b'"ab"',
        "initial_height": 1,
    },
    "query": {"data": b"\x00\x01", "path": "wallet", "height": 7, "prove": 1},
    "check_tx": {"tx": b"one", "type": 1},
    "commit": {},
    "list_snapshots": {},
    "offer_snapshot": {"snapshot": SNAPSHOT, "app_hash": b"app"},
    "load_snapshot_chunk": {"height": 100, "format": 1, "chunk": 1},
    "apply_snapshot_chunk": {"index": 1, "chunk": b"chunk", "sender": "peer"},
    "prepare_proposal": {"max_tx_bytes": 1 << 20, "txs": TXS, "height": 9},
    "process_proposal": {"txs": TXS, "height": 9},
    "extend_vote": {"hash": b"hash", "height": 9},
    "verify_vote_extension": {"hash": b"hash", "height": 9, "vote_extension": b"extension"},
    "finalize_block": {"txs": TXS, "hash": b"hash", "height": 9},
}
RESPONSES = {
    "exception": ("wrong",),
    "echo": ("hallo wörld",),
    "flush": (),
    "info": ("gridtide", "1", 1, 300, b"app"),
    "init_chain": ((update(1, 10),), b"app"),
    "query": (2, "no", b"\x12", b"value", PROOF, 9, "gridtide"),
    "check_tx": (4, "BAD_SIGNATURE", "gridtide"),
    "commit": (5,),
    "list_snapshots": ((SNAPSHOT,),),
    "offer_snapshot": (4,),
    "load_snapshot_chunk": (b"chunk",),
    "apply_snapshot_chunk": (3, varint(300), ("peer",)),
    "prepare_proposal": (TXS,),
    "process_proposal": (2,),
    "extend_vote": (b"",),
    "verify_vote_extension": (1,),
    "finalize_block": (
        (TX_RESULT(), TX_RESULT(6, b"", "NONCE_STALE", "gridtide")),
        (update(1, 0), update(2, 1 << 40)),
        b"app",
    ),
}


def test_there_is_a_vector_of_every_message():
    assert VECTORS["requests"].keys() == REQUESTS.keys() == {field.name for field in REQUEST.fields}
    assert VECTORS["responses"].keys() == RESPONSES.keys() == {field.name for field in RESPONSE.fields}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_as_go_encodes_it(name):
    kind = next(field.kind for field in REQUEST.fields if field.name == name)
    assert read_request(bytes.fromhex(VECTORS["requests"][name])) == (name, kind(**REQUESTS[name]))


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_what_go_encodes(name):
    kind = next(field.kind for field in RESPONSE.fields if field.name == name)
    assert respond(name, kind(*RESPONSES[name])).hex() == framed(bytes.fromhex(VECTORS["responses"][name])).hex()


INNER = Message("Inner", Field(1, "number", INT), Field(2, "octets", BYTES))
OUTER = Message(
    "Outer",
    Field(1, "count", UINT),
    Field(2, "text", STRING),
    Field(16, "inner", INNER),
    Field(3, "many", INNER, True),
    Field(2000, "pieces", BYTES, True),
)
INNERS = st.builds(INNER.cls, st.integers(-(1 << 63), (1 << 63) - 1), st.binary(max_size=200))
OUTERS = st.builds(
    OUTER.cls,
    st.integers(0, (1 << 64) - 1),
    st.text(max_size=40),
    st.none() | INNERS,
    st.lists(INNERS, max_size=4).map(tuple),
    st.lists(st.binary(max_size=20), max_size=4).map(tuple),
)


@given(OUTERS)
def test_what_is_encoded_is_decoded(values):
    assert decode(OUTER, encode(OUTER, values)) == values


@given(OUTERS, st.integers(17, 1999), st.binary(max_size=20))
def test_an_unknown_field_is_skipped(values, number, content):
    unknown = varint(number << 3 | 2) + framed(content)
    assert decode(OUTER, unknown + encode(OUTER, values) + varint(number << 3) + b"\x05") == values


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_refused(data):
    for read in (lambda: decode(OUTER, data), lambda: read_request(data)):
        try:
            read()
        except ProtobufError:
            continue


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("ends within a varint", "0880"),
        ("a varint of eleven bytes", "08" + "ff" * 10 + "01"),
        ("ends within a field", "120561"),
        ("a length beyond all memory", "12ffffffffffffffff7f"),
        ("a group, which proto3 has not", "1b"),
        ("no wire type", "0f"),
        ("a number where bytes belong", "1001"),
        ("bytes where a number belongs", "0a0161"),
        ("text that is no UTF-8", "1202c328"),
        ("a message that is none", "820101ff"),
    ],
)
def test_malformed_bytes_are_refused(what, data):
    with pytest.raises(ProtobufError):
        decode(OUTER, bytes.fromhex(data))
