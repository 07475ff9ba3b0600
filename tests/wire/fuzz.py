"""
Malformed bytes in great number, made from a seed: mutated vectors, and items written at
random. Both interpreters must come to the same verdict on each, and cbor2 must agree.

    python -m tests.wire.fuzz 1000000 [SEED]       as many as there is time for
"""

import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cbor2

from tests.wire import fuzz_verdicts, interpreter, vector_suite
from wire import cbor

SIZE_MAX, DEPTH_MAX = fuzz_verdicts.SIZE_MAX, cbor.DEPTH_MAX


def cases(count: int, seed: int) -> list[tuple[str, bytes]]:
    """(level or kind, bytes)"""
    chance = random.Random(seed)
    rows = [row for row in vector_suite.read("valid.json")["messages"] if len(row["signed"]) < 3000]
    made: list[tuple[str, bytes]] = []
    while len(made) < count:
        row = chance.choice(rows)
        way = chance.randrange(4)
        if way == 0:
            made.append(("cbor", any_item(chance, 8)))
        elif way == 1:
            made.append(("cbor", mutated(chance, bytes.fromhex(row["payload"]))))
        elif way == 2:
            made.append((row["kind"], mutated(chance, bytes.fromhex(row["signed"]))))
        else:
            made.append(("payload " + row["kind"], mutated(chance, bytes.fromhex(row["payload"]))))
    return made


def mutated(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        way = chance.randrange(6)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + chance.randbytes(chance.randrange(1, 5)) + data[at:]
        elif way == 2:
            data = data[:at] + data[at + chance.randrange(1, 5) :]
        elif way == 3:
            data = data[:at] + any_item(chance, 3) + data[at + 1 :]
        else:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    return data


def any_item(chance: random.Random, depth: int) -> bytes:
    """One item, mostly well-formed: sometimes of a forbidden type, of unsaid length, or with a longer head."""
    major = chance.choice((0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7))
    if major in (4, 5, 6) and depth == 0:
        major = 0
    if major == 7:
        return chance.choice(
            (b"\xf4", b"\xf6", b"\xf9\x3c\x00", b"\xfb" + struct.pack(">d", 1.5), b"\xff", b"\xf8\x20")
        )
    if major in (0, 1):
        return head(chance, major, chance.getrandbits(chance.choice((3, 5, 8, 16, 32, 64))))
    if major in (2, 3):
        length = chance.randrange(5)
        return head(chance, major, length) + bytes(chance.randrange(97, 123) for _ in range(length))
    if major == 6:
        return head(chance, 6, chance.choice((18, 18, 17, 2, 24, 55799))) + any_item(chance, depth - 1)
    count = chance.randrange(4)
    items = [any_item(chance, depth - 1) for _ in range(count * (major - 3))]
    if chance.randrange(20) == 0:
        return bytes([major << 5 | 31]) + b"".join(items) + b"\xff"
    return head(chance, major, count) + b"".join(items)


def head(chance: random.Random, major: int, number: int) -> bytes:
    least = 0 if number < 24 else 1 if number < 1 << 8 else 2 if number < 1 << 16 else 3 if number < 1 << 32 else 4
    size = least if chance.randrange(30) else chance.randrange(least, 5)
    if size == 0:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 23 + size]) + number.to_bytes(1 << size - 1, "big")


def cbor2_accepts(data: bytes) -> bool:
    """Whether cbor2 reads `data` to an item of the wire's types that it would write just so."""
    try:
        item = cbor2.loads(data, max_depth=DEPTH_MAX + 1, allow_indefinite=False, allow_duplicate_keys=False)
        return is_of_the_wire(item, DEPTH_MAX) and written_by_cbor2(item) == data
    except (cbor2.CBORError, ValueError, OverflowError, TypeError, ArithmeticError):
        return False


def is_of_the_wire(item, depth: int) -> bool:
    if isinstance(item, cbor2.CBORTag):
        return item.tag == 18 and depth > 0 and is_of_the_wire(item.value, depth - 1)
    if isinstance(item, (list, tuple)):  # a tuple inside a tag
        return depth > 0 and all(is_of_the_wire(part, depth - 1) for part in item)
    if isinstance(item, Mapping):
        keys = all(type(key) is int and abs(key) <= 1 << 64 for key in item)
        return depth > 0 and keys and all(is_of_the_wire(part, depth - 1) for part in item.values())
    return isinstance(item, bytes) or (type(item) is int and -(1 << 64) <= item < 1 << 64)


def written_by_cbor2(item) -> bytes:
    return cbor2.dumps(in_order(item))


def in_order(item):
    """Maps in the order of RFC 8949, 4.2.1: cbor2's own canonical order is the older one, shorter keys first."""
    if isinstance(item, cbor2.CBORTag):
        return cbor2.CBORTag(item.tag, in_order(item.value))
    if isinstance(item, Mapping):
        return {key: in_order(item[key]) for key in sorted(item, key=cbor2.dumps)}
    return [in_order(part) for part in item] if isinstance(item, (list, tuple)) else item


def on_a_device(rows: list[tuple[str, bytes]]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases"
        path.write_text("".join(f"{level}|{data.hex()}\n" for level, data in rows))
        return interpreter.run("tests.wire.fuzz_verdicts", str(path))


def play(count: int, seed: int) -> Counter[str]:
    """How often each verdict came. An AssertionError names the first disagreement."""
    rows = cases(count, seed)
    verdicts = [fuzz_verdicts.of(level, data) for level, data in rows]
    for row, here, there in zip(rows, verdicts, on_a_device(rows), strict=True):
        assert here == there, f"seed {seed}: {row[0]} {row[1].hex()}: {here} here, {there} on a device"
    for (level, data), verdict in zip(rows, verdicts, strict=True):
        if level == "cbor":
            accepted = len(data) <= SIZE_MAX and cbor2_accepts(data)
            assert accepted == (verdict == "taken"), f"seed {seed}: {data.hex()}: {verdict} here, not so with cbor2"
    return Counter(verdicts)


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print("seed", chosen, dict(play(int(sys.argv[1]), chosen)))
