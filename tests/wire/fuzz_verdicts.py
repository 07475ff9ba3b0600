"""
The verdict on untrusted bytes: `taken`, or the name of the fault. For both interpreters;
any exception but a WireError is a crash, and fails the run.

Signatures count as good here: what stands behind them is decoded, too.
"""

import sys
from binascii import unhexlify

from tests.wire.kinds import KINDS
from wire import cbor, cose, message
from wire.errors import WireError

SIZE_MAX = 4096


def _trusting(_public_key, _message, _signature):
    return True


def _any_key(_signer_id):
    return b""


# Takes `data` at its level; what was taken is written again, and must come to the same bytes.
def _take(level, data):
    if level == "cbor":
        assert cbor.encode(cbor.decode(data, SIZE_MAX)) == data
    elif level.startswith("payload "):
        layout = KINDS[level[8:]][1]
        assert message.encode(layout, message.decode(layout, data, SIZE_MAX)) == data
    else:
        kind, layout, size_max = KINDS[level]
        envelope, _ = message.open_as(kind, layout, data, _any_key, b"", _trusting, size_max)
        assert cose.seal(kind, envelope.signer_id, envelope.payload, b"", lambda _: envelope.signature) == data


def of(level, data):
    try:
        _take(level, data)
    except WireError as error:
        return error.name
    return "taken"


if __name__ == "__main__":
    with open(sys.argv[1]) as cases:
        for line in cases:
            level, data = line.strip().split("|")
            print(of(level, unhexlify(data)))
