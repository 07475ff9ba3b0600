"""
The invalid test vectors, each with the name of its fault. Three levels: `cbor`, one item
of at most 1,024 bytes and six levels; `envelope`, its signature not looked at; `message`,
a whole message of the kind given, where the stranger's key is unknown.
"""

import cbor2

from tests.wire import sealing
from tests.wire.vector_limits import LIMITS, TOO_LARGE

CBOR_SIZE_MAX = 1024

# What is wrong | the fault's name | the bytes
_CBOR = """
no bytes at all                              | truncated         |
an array of one with nothing in it           | truncated         | 81
a map without its value                      | truncated         | a101
a two-byte integer with one byte             | truncated         | 1901
a head without its number                    | truncated         | 18
a byte string of two with one byte           | truncated         | 4201
a byte string of 2**64 - 1                   | truncated         | 5bffffffffffffffff
an array of 2**32 - 1                        | truncated         | 9affffffff00
a map of 2**32 - 1                           | truncated         | baffffffff0000
a tag with nothing behind it                 | truncated         | d2
two integers                                 | trailing_bytes    | 0000
an array and a byte                          | trailing_bytes    | 810000
0 in two bytes                               | not_canonical     | 1800
23 in two bytes                              | not_canonical     | 1817
255 in three bytes                           | not_canonical     | 1900ff
65535 in five bytes                          | not_canonical     | 1a0000ffff
2**32 - 1 in nine bytes                      | not_canonical     | 1b00000000ffffffff
-1 in two bytes                              | not_canonical     | 3800
a byte string with a longer head than needed | not_canonical     | 580100
an array with a longer head than needed      | not_canonical     | 980100
a map with a longer head than needed         | not_canonical     | b8010000
tag 18 in three bytes                        | not_canonical     | d9001200
a longer head inside an array                | not_canonical     | 82001800
keys in falling order                        | not_canonical     | a202000100
a negative key before a positive one         | not_canonical     | a220000000
an array of unsaid length                    | indefinite_length | 9fff
a map of unsaid length                       | indefinite_length | bfff
a byte string in pieces                      | indefinite_length | 5f4100ff
a text in pieces                             | indefinite_length | 7fff
an end without a beginning                   | indefinite_length | ff
the same inside an array                     | indefinite_length | 81ff
one key twice                                | duplicate_key     | a201000100
one key twice, another between               | duplicate_key     | a3010002000100
a half float                                 | forbidden_type    | f93c00
a single float                               | forbidden_type    | fa3f800000
a double float                               | forbidden_type    | fb3ff0000000000000
not a number                                 | forbidden_type    | f97e00
a text                                       | forbidden_type    | 6161
false                                        | forbidden_type    | f4
true                                         | forbidden_type    | f5
null                                         | forbidden_type    | f6
undefined                                    | forbidden_type    | f7
a simple value                               | forbidden_type    | f820
a reserved head                              | forbidden_type    | 1c
an integer of unsaid length                  | forbidden_type    | 1f
a tag of unsaid number                       | forbidden_type    | df00
tag 17 (COSE_Mac0)                           | forbidden_type    | d100
tag 2 (a big integer)                        | forbidden_type    | c24101
tag 55799 (self-described)                   | forbidden_type    | d9d9f700
a byte string as a key                       | forbidden_type    | a1410100
an array as a key                            | forbidden_type    | a1800000
a text as a key                              | forbidden_type    | a1616100
a float inside an array                      | forbidden_type    | 8200f93c00
seven arrays                                 | too_deep          | 8181818181818180
a map in six arrays                          | too_deep          | 818181818181a0
a tag in six arrays                          | too_deep          | 818181818181d200
"""  # "seven arrays": the innermost is empty, and an array all the same


def _row(name: str, level: str, fault: str, data: bytes, kind: str = "") -> dict:
    return {"name": name, "level": level, "kind": kind, "fault": fault, "data": data}


def of_cbor() -> list[dict]:
    lines = [[part.strip() for part in line.split("|")] for line in _CBOR.splitlines() if line]
    rows = [_row(name, "cbor", fault, bytes.fromhex(data)) for name, fault, data in lines]
    rows.append(_row("a thousand arrays", "cbor", "too_deep", b"\x81" * 1000 + b"\0"))
    rows.append(_row("1,025 bytes", "cbor", "too_large", cbor2.dumps(bytes(CBOR_SIZE_MAX - 2))))
    return rows


def of_envelopes(messages: list) -> list[dict]:
    """Faults of the envelope of the first reading."""
    _, _, typ, signer, fields = messages[0]
    payload = cbor2.dumps(sealing.array(fields), canonical=True)
    kid = sealing.IDS[signer]
    good = sealing.header(kid, typ)
    signature = sealing.sign(sealing.KEYS[signer], good, payload)
    signed = sealing.envelope(good, payload, signature)

    def enclosing(protected: bytes) -> bytes:
        return sealing.envelope(protected, payload, sealing.sign(sealing.KEYS[signer], protected, payload))

    def parts(*items) -> bytes:
        return cbor2.dumps(cbor2.CBORTag(18, list(items)))

    table = [
        ("without the tag", "not_sign1", signed[1:]),
        ("a map in the tag", "not_sign1", b"\xd2\xa0"),
        ("an integer in the tag", "not_sign1", b"\xd2\x00"),
        ("three parts", "not_sign1", parts(good, {}, payload)),
        ("five parts", "not_sign1", parts(good, {}, payload, signature, b"")),
        ("a map as protected header", "not_sign1", parts({}, {}, payload, signature)),
        ("an array as payload", "not_sign1", parts(good, {}, [], signature)),
        ("a signature that is an integer", "not_sign1", parts(good, {}, payload, 0)),
        ("an unprotected header", "bad_header", parts(good, {4: kid}, payload, signature)),
        ("an array as unprotected header", "bad_header", parts(good, [], payload, signature)),
        ("another algorithm", "bad_header", enclosing(cbor2.dumps({1: -7, 4: kid, 16: typ}))),
        ("without the algorithm", "bad_header", enclosing(cbor2.dumps({4: kid, 16: typ}))),
        ("without kid", "bad_header", enclosing(cbor2.dumps({1: -8, 16: typ}))),
        ("without typ", "bad_header", enclosing(cbor2.dumps({1: -8, 4: kid}))),
        ("a further header", "bad_header", enclosing(cbor2.dumps({1: -8, 4: kid, 16: typ, 17: 0}))),
        ("a kid of seven bytes", "bad_header", enclosing(sealing.header(kid[:7], typ))),
        ("a kid that is an integer", "bad_header", enclosing(sealing.header(4, typ))),
        ("a typ of bytes", "bad_header", enclosing(sealing.header(kid, b"\0"))),
        ("a typ below zero", "bad_header", enclosing(sealing.header(kid, -1))),
        ("a typ of more than 16 bits", "bad_header", enclosing(sealing.header(kid, 65536))),
        ("an array as header", "bad_header", enclosing(cbor2.dumps([-8, kid, typ]))),
        ("an empty header", "truncated", enclosing(b"")),
        ("bytes after the header", "trailing_bytes", enclosing(good + b"\0")),
        ("a header of more than 64 bytes", "too_large", enclosing(cbor2.dumps({1: -8, 4: bytes(64), 16: typ}))),
        ("header keys in another order", "not_canonical", enclosing(cbor2.dumps({4: kid, 1: -8, 16: typ}))),
        ("the algorithm twice", "duplicate_key", enclosing(b"\xa4\x01\x27\x01\x27" + good[3:])),
        ("a text as typ", "forbidden_type", enclosing(sealing.header(kid, "a"))),
        ("a signature of 63 bytes", "wrong_length", parts(good, {}, payload, signature[:63])),
        ("a signature of 65 bytes", "wrong_length", parts(good, {}, payload, signature + b"\0")),
        ("no signature", "wrong_length", parts(good, {}, payload, b"")),
        ("cut in the middle", "truncated", signed[: len(signed) // 2]),
        ("cut by one byte", "truncated", signed[:-1]),
        ("a byte more", "trailing_bytes", signed + b"\0"),
        ("tag 98 (COSE_Sign)", "forbidden_type", b"\xd8\x62" + signed[1:]),
        ("a payload with a longer head", "not_canonical", signed.replace(b"\xa0\x58", b"\xa0\x59\x00", 1)),
    ]
    return [_row(name, "envelope", fault, data) for name, fault, data in table]


def of_messages(messages: list) -> list[dict]:
    """Faults of trust for the first reading, and of the schema for one message of every kind."""
    firsts = {kind: (typ, signer, fields) for _, kind, typ, signer, fields in reversed(messages)}
    rows = _of_trust(*firsts["reading"])
    for kind, (typ, signer, fields) in firsts.items():
        rows += _of_schema(kind, typ, signer, sealing.array(fields))
    return rows + _of_limits(firsts)


def _of_trust(typ: int, signer: str, fields: dict) -> list[dict]:
    payload = cbor2.dumps(sealing.array(fields), canonical=True)
    good, key = sealing.header(sealing.IDS[signer], typ), sealing.KEYS[signer]
    signature = sealing.sign(key, good, payload)
    others = sealing.sign(sealing.KEYS["mlmd"], good, payload)
    elsewhere = sealing.sign(key, good, payload, bytes(8))
    headless = sealing.sign(key, b"", payload)
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    other_signer, other_typ = sealing.header(sealing.IDS["mlmd"], typ), sealing.header(sealing.IDS[signer], 65004)
    other_payload = cbor2.dumps(sealing.array(fields | {"sequence": 70_002}), canonical=True)
    table = [
        ("a flipped bit in the signature", "bad_signature", sealing.envelope(good, payload, flipped)),
        ("another payload", "bad_signature", sealing.envelope(good, other_payload, signature)),
        ("another's signature", "bad_signature", sealing.envelope(good, payload, others)),
        ("signed for another network", "bad_signature", sealing.envelope(good, payload, elsewhere)),
        ("another kid", "bad_signature", sealing.envelope(other_signer, payload, signature)),
        ("signed without the header", "bad_signature", sealing.envelope(good, payload, headless)),
        ("s + L", "bad_signature", sealing.envelope(good, payload, _beyond_the_order(signature))),
        ("a signature of zeros", "bad_signature", sealing.envelope(good, payload, bytes(64))),
        ("another kind", "wrong_kind", sealing.envelope(other_typ, payload, sealing.sign(key, other_typ, payload))),
        ("a stranger's", "unknown_signer", sealing.seal("stranger", typ, payload)),
    ]
    return [_row(name, "message", fault, data, "reading") for name, fault, data in table]


def _beyond_the_order(signature: bytes) -> bytes:
    order = 2**252 + 27742317777372353535851937790883648493
    return signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")


def _of_schema(kind: str, typ: int, signer: str, items: list) -> list[dict]:
    number = next(i for i, item in enumerate(items) if isinstance(item, int))

    def with_number(value) -> bytes:
        return cbor2.dumps([*items[:number], value, *items[number + 1 :]], canonical=True)

    good = cbor2.dumps(items, canonical=True)
    table = [
        ("a field too few", "wrong_length", cbor2.dumps(items[:-1], canonical=True)),
        ("a field too many", "wrong_length", cbor2.dumps([*items, 0], canonical=True)),
        ("no array", "wrong_type", cbor2.dumps(0)),
        ("a map of the fields", "wrong_type", cbor2.dumps(dict(enumerate(items)), canonical=True)),
        ("tagged once more", "wrong_type", b"\xd2" + good),
        ("bytes for an integer", "wrong_type", with_number(b"")),
        ("an array for an integer", "wrong_type", with_number([])),
        ("a number below its limits", "out_of_range", with_number(-1)),
        ("a number above its limits", "out_of_range", with_number(2**64 - 1)),
        ("a float for an integer", "forbidden_type", with_number(1.5)),
        ("true for an integer", "forbidden_type", with_number(True)),
        ("an empty payload", "truncated", b""),
        ("a cut payload", "truncated", good[:-1]),
        ("a payload and a byte", "trailing_bytes", good + b"\0"),
        ("an array head longer than needed", "not_canonical", bytes([0x98, good[0] & 31]) + good[1:]),
        ("an array of unsaid length", "indefinite_length", b"\x9f" + good[1:] + b"\xff"),
    ]
    return [
        _row(f"{kind}: {name}", "message", fault, sealing.seal(signer, typ, data), kind) for name, fault, data in table
    ]


def _of_limits(firsts: dict) -> list[dict]:
    """Single fields just outside their limits, named by their path."""
    rows = []
    for kind, path, value, fault in LIMITS:
        typ, signer, fields = firsts[kind]
        data = sealing.seal(
            signer, typ, cbor2.dumps(sealing.array(_changed(fields, path.split("."), value)), canonical=True)
        )
        rows.append(_row(f"{kind}: {path} {_said(value)}", "message", fault, data, kind))
    for kind, size in TOO_LARGE:
        typ, signer, _ = firsts[kind]
        data = next(
            data for n in range(size - 120, size) if len(data := sealing.seal(signer, typ, bytes(n))) == size + 1
        )
        rows.append(_row(f"{kind}: {size + 1} bytes", "message", "too_large", data, kind))
    return rows


def _said(value) -> str:
    if isinstance(value, int):
        return f"= {value}"
    return f"of {len(value)} bytes" if isinstance(value, bytes) else f"of {len(value)} items"


def _changed(fields, path: list[str], value):
    """`fields` with the value at `path` replaced; a number in the path is a place in a list."""
    first, rest = path[0], path[1:]
    if isinstance(fields, list):
        at = int(first)
        return [*fields[:at], _changed(fields[at], rest, value) if rest else value, *fields[at + 1 :]]
    return fields | {first: _changed(fields[first], rest, value) if rest else value}
