"""The checker written from the docs alone: on the published vectors, and on what the ledger makes today."""

import json
from random import Random

import cbor2
import pytest

from tests.phone import from_the_docs, make_vectors

VECTORS = json.loads(make_vectors.FILE.read_text())
PUBLIC_KEY, NETWORK_ID = bytes.fromhex(VECTORS["public_key"]), bytes.fromhex(VECTORS["network_id"])


def opened(text: str):
    proof = cbor2.loads(bytes.fromhex(text))
    return proof, from_the_docs.header(proof[0], PUBLIC_KEY, NETWORK_ID)


def test_what_the_ledger_makes_today():
    made = make_vectors.vectors()
    assert [vector["name"] for vector in made["rows"]] == [vector["name"] for vector in VECTORS["rows"]]
    for vector in made["rows"]:
        test_a_row(vector)


@pytest.mark.parametrize("vector", VECTORS["rows"], ids=lambda vector: vector["name"])
def test_a_row(vector):
    proof, header = opened(vector["proof"])
    value = from_the_docs.row(proof, vector["table"], bytes.fromhex(vector["key"]), header["app_hash"])
    assert value == (None if vector["value"] is None else cbor2.loads(bytes.fromhex(vector["value"])))
    assert len(vector["proof"]) < 2 * 2048


def test_a_reading_and_a_transaction():
    vector = VECTORS["reading"]
    proof, header = opened(vector["proof"])
    leaf = from_the_docs.reading(proof, bytes.fromhex(vector["key"]), header["app_hash"])
    assert leaf.hex() == vector["reading"]
    vector = VECTORS["transaction"]
    proof, header = opened(vector["proof"])
    transaction = bytes.fromhex(vector["transaction"])
    assert from_the_docs.status(proof, transaction, header["outcomes_root"]) == vector["status"]


def test_a_flipped_bit_is_refused_there_too():
    random = Random("flipped")
    vector = VECTORS["rows"][3]
    proof, header = opened(vector["proof"])
    honest = cbor2.dumps(proof[1:])
    for _ in range(500):
        changed = bytearray(honest)
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        try:
            found = [proof[0], *cbor2.loads(bytes(changed))]
            value = from_the_docs.row(found, vector["table"], bytes.fromhex(vector["key"]), header["app_hash"])
        except (AssertionError, cbor2.CBORDecodeError, TypeError, ValueError, IndexError, OverflowError):
            continue
        assert value == cbor2.loads(bytes.fromhex(vector["value"]))
