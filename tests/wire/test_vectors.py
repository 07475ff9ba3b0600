"""
The test vectors: on both interpreters, complete, and as the script in this folder makes
them. The last test reads the valid ones with cbor2 and PyNaCl alone, as a stranger would.
"""

import json

import cbor2
import pytest
from nacl.signing import VerifyKey

from tests.wire import interpreter, make_vectors, vector_suite
from tests.wire.kinds import KINDS
from wire.errors import NAMES

VALID = json.loads((make_vectors.FOLDER / "valid.json").read_text())
INVALID = json.loads((make_vectors.FOLDER / "invalid.json").read_text())


@pytest.fixture(scope="module")
def suite():
    return vector_suite.Suite()


@pytest.mark.parametrize("row", VALID["messages"], ids=lambda row: row["name"])
def test_a_valid_message_opens_to_its_fields_and_seals_to_its_bytes(suite, row):
    suite.check_valid(row)


@pytest.mark.parametrize("level", ["cbor", "envelope", "message"])
def test_an_invalid_message_is_refused_by_the_name_of_its_fault(suite, level):
    for row in INVALID:
        if row["level"] == level:
            suite.check_invalid(row)


def test_the_same_on_a_device():
    said = interpreter.run("tests.wire.vector_suite")
    assert said == [f"{len(VALID['messages'])} valid, {len(INVALID)} invalid"]


def test_the_committed_vectors_are_the_scripts():
    assert (make_vectors.FOLDER / "valid.json").read_text() == make_vectors.text(make_vectors.valid())
    assert (make_vectors.FOLDER / "invalid.json").read_text() == make_vectors.text(make_vectors.invalid())


def test_every_kind_and_every_fault_is_there():
    assert {row["kind"] for row in VALID["messages"]} == KINDS.keys()
    assert {row["fault"] for row in INVALID} == set(NAMES)
    assert {row["kind"] for row in INVALID if row["level"] == "message"} == KINDS.keys()
    names = [(row["level"], row["name"]) for row in INVALID]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", VALID["messages"], ids=lambda row: row["name"])
def test_a_stranger_reads_it_with_cbor2_and_pynacl(row):
    message = cbor2.loads(bytes.fromhex(row["signed"]))
    assert (type(message), message.tag) == (cbor2.CBORTag, 18)
    protected, unprotected, payload, signature = message.value
    signer = VALID["keys"][row["signer"]]
    assert (unprotected, payload.hex()) == ({}, row["payload"])
    assert cbor2.loads(protected) == {1: -8, 4: bytes.fromhex(signer["id"]), 16: row["typ"]}
    signed = cbor2.dumps(["Signature1", protected, bytes.fromhex(VALID["network_id"]), payload])
    VerifyKey(bytes.fromhex(signer["public_key"])).verify(signed, signature)
    assert named(row["fields"], cbor2.loads(payload)) == row["fields"]


def named(fields, items):
    """The decoded arrays with the names that the vector gives them, byte strings in hex."""
    if isinstance(fields, dict):
        assert len(fields) == len(items)
        return {name: named(field, item) for (name, field), item in zip(fields.items(), items, strict=True)}
    if isinstance(fields, list):
        return [named(field, item) for field, item in zip(fields, items, strict=True)]
    return items.hex() if isinstance(items, bytes) else items
