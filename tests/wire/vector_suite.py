"""
The checks of the test vectors, for both interpreters: every valid message opens to its
fields and is written again to the same bytes; every invalid one is refused by its name.

    python -m tests.wire.vector_suite        (or micropython, with the tree and firmware/ on MICROPYPATH)
"""

import json
from binascii import hexlify, unhexlify

from tests.wire.kinds import KINDS
from wire import cbor, cose, message
from wire.errors import WireError

try:
    from tests.wire.libsodium import Signer, verify  # CPython
except ImportError:
    from ed25519 import Signer, verify  # a device

FOLDER = "tests/wire/vectors/"
CBOR_SIZE_MAX = 1024


def read(name):
    with open(FOLDER + name) as file:
        return json.load(file)


# A message as the vectors write it: fields by name, byte strings in hex.
def described(kind, value):
    if kind[0] == "record":
        return {name: described(field, value[at]) for at, (name, field) in enumerate(kind[1].fields)}
    if kind[0] == "listing":
        return [described(kind[3], item) for item in value]
    return hexlify(value).decode() if kind[0] == "octets" else value


class Suite:
    def __init__(self):
        valid = read("valid.json")
        self.network_id = unhexlify(valid["network_id"])
        self.messages = valid["messages"]
        self.faults = read("invalid.json")
        self.seeds = {name: unhexlify(key["seed"]) for name, key in valid["keys"].items()}
        self.keys = {
            unhexlify(key["id"]): unhexlify(key["public_key"])
            for name, key in valid["keys"].items()
            if name != "stranger"
        }

    def open(self, kind, data):
        number, layout, size_max = KINDS[kind]
        return message.open_as(number, layout, data, self.keys.get, self.network_id, verify, size_max)

    def check_valid(self, row):
        data = unhexlify(row["signed"])
        number, layout, _ = KINDS[row["kind"]]
        assert row["typ"] == number
        envelope, opened = self.open(row["kind"], data)
        assert envelope.payload == unhexlify(row["payload"])
        assert described(("record", layout), opened) == row["fields"], row["name"]
        signer = Signer(self.seeds[row["signer"]])
        assert message.seal(number, layout, opened, envelope.signer_id, self.network_id, signer.sign) == data, row[
            "name"
        ]

    def check_invalid(self, row):
        data = unhexlify(row["data"])
        try:
            if row["level"] == "cbor":
                cbor.decode(data, CBOR_SIZE_MAX)
            elif row["level"] == "envelope":
                cose.open_envelope(data)
            else:
                self.open(row["kind"], data)
        except WireError as error:
            assert error.name == row["fault"], (row["name"], row["fault"], error.name)
        else:
            raise AssertionError(row["name"] + " was let in")


def main():
    suite = Suite()
    for row in suite.messages:
        suite.check_valid(row)
    for row in suite.faults:
        suite.check_invalid(row)
    print(len(suite.messages), "valid,", len(suite.faults), "invalid")


if __name__ == "__main__":
    main()
