"""
What an Evidence (wire/evidence.py) proves, worked out from other people's signatures alone: nothing in it is taken on
the word of whoever sends it. Also how one is made from what an aggregator or a neighbour has.

Not covered: an aggregator that keeps a reading to itself. Nobody but it and the device knows what was said between
them, so a withheld reading and one that never came look alike: whoever is refused a proof of an acknowledged reading
has that acknowledgement, and no more. A wrong sum over an area's junctions needs no evidence: the ledger refuses it.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from chain.status import Status
from wire import cose, evidence, light_block, merkle, message, reading
from wire.errors import WireError
from wire.interval import WINDOW_S
from wire.light_block import Entry

Verify = Callable[[bytes, bytes, bytes], bool]
KeysOf = Callable[[bytes], Sequence[bytes]]  # every public key this subject ever had

NOTHING = Entry(bytes(8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


class Fault(NamedTuple):
    """What was proved. key: the same for the same fault, whoever proves it and with whichever messages."""

    key: bytes
    aggregator_id: bytes
    block: Any  # the wire.light_block.LightBlock at fault; of two, the first
    digest: bytes  # SHA-256 over it as signed
    committed: Any = NOTHING  # the entry it has for the device
    signed: Any = NOTHING  # the entry the device's readings make
    earlier: Any = None  # the light block that had the same reading before, and its digest; None where there is none


class Unproved(Exception):
    """`status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


def prove(shown: Any, keys_of: KeysOf, network_id: bytes, verify: Verify) -> Fault:
    """The fault that an Evidence shows. Raises Unproved."""
    aggregator_id, block = _light_block(shown.light_block, keys_of, network_id, verify)
    digest = sha256(shown.light_block).digest()
    if shown.contrary:
        other = _light_block(shown.contrary, keys_of, network_id, verify)
        if shown.leaves:
            return _taken_twice(shown, (aggregator_id, block), other, keys_of, network_id, verify)
        return _two_blocks(shown, aggregator_id, block, digest, other)
    signed = entry_of(shown, block, keys_of, network_id, verify)
    found = [entry for entry in block.entries if entry.device_id == shown.device_id]
    committed = found[0] if found else NOTHING
    if committed == signed:
        raise Unproved(Status.NO_CONTRADICTION)
    key = sha256(b"reading" + digest + shown.device_id).digest()
    return Fault(key, aggregator_id, block, digest, committed, signed)


def _two_blocks(shown: Any, aggregator_id: bytes, block: Any, digest: bytes, other: tuple[bytes, Any]) -> Fault:
    if other[0] != aggregator_id or shown.contrary == shown.light_block:
        raise Unproved(Status.NO_CONTRADICTION)
    is_one_number = other[1].number == block.number
    is_one_part = (other[1].window_start_s, other[1].part) == (block.window_start_s, block.part)
    if not (is_one_number or is_one_part):
        raise Unproved(Status.NO_CONTRADICTION)
    of_what = (b"number", block.number) if is_one_number else (b"part", block.window_start_s << 16 | block.part)
    key = sha256(of_what[0] + aggregator_id + of_what[1].to_bytes(8, "big")).digest()
    return Fault(key, aggregator_id, block, digest)


def _taken_twice(
    shown: Any, first: tuple[bytes, Any], second: tuple[bytes, Any], keys_of: KeysOf, network_id: bytes, verify: Verify
) -> Fault:
    """One reading in two parts of one window: what it says is counted twice, and the later part is wrong by it."""
    places = sorted(
        zip((first, second), (shown.light_block, shown.contrary), shown.leaves, strict=False),
        key=lambda place: place[0][1].part,
    )
    if len(shown.leaves) != 2 or len({_signer_in_tree(leaf, place[1]) for place, _, leaf in places}) != 1:
        raise Unproved(Status.READINGS_INCOMPLETE)
    (early, early_data, leaf), (late, late_data, again) = places
    is_one_window = early[0] == late[0] and early[1].window_start_s == late[1].window_start_s
    if not is_one_window or early[1].part == late[1].part or leaf.reading != again.reading:
        raise Unproved(Status.NO_CONTRADICTION)
    opened = _reading(leaf.reading, shown.device_id, keys_of, network_id, verify)
    counted = _summed(shown.device_id, [opened], late[1].window_start_s)
    digest = sha256(late_data).digest()
    key = sha256(b"twice" + digest + sha256(leaf.reading).digest()).digest()
    never = NOTHING._replace(device_id=shown.device_id)
    return Fault(key, late[0], late[1], digest, counted, never, (early[1], sha256(early_data).digest()))


def entry_of(shown: Any, block: Any, keys_of: KeysOf, network_id: bytes, verify: Verify) -> Any:
    """The entry that all readings of the device in this light block make. Raises Unproved."""
    signers = [_signer_in_tree(leaf, block) for leaf in shown.leaves]
    first, last = _all_of(shown, signers, block.reading_count)
    opened = [_reading(leaf.reading, shown.device_id, keys_of, network_id, verify) for leaf in shown.leaves[first:last]]
    return _summed(shown.device_id, opened, block.window_start_s)


def _signer_in_tree(leaf: Any, block: Any) -> bytes:
    """Who signed a leaf, by its header. Raises Unproved when it is none of this light block's."""
    if not merkle.verify_proof(leaf.reading, leaf.index, block.reading_count, leaf.path, block.merkle_root):
        raise Unproved(Status.PROOF_WRONG)
    try:
        return cose.open_envelope(leaf.reading).signer_id
    except WireError:
        return bytes(8)  # what the aggregator put there is no message: nobody's


def _all_of(shown: Any, signers: list[bytes], count: int) -> tuple[int, int]:
    """Which leaves are the device's. Raises Unproved unless they are certainly all it has in the tree."""
    indices = [leaf.index for leaf in shown.leaves]
    ours = [place for place, signer in enumerate(signers) if signer == shown.device_id]
    if not ours or indices != list(range(indices[0], indices[0] + len(indices))):
        raise Unproved(Status.READINGS_INCOMPLETE)
    first, last = ours[0], ours[-1] + 1
    is_alone = len(ours) == last - first
    is_bounded = (first > 0 or indices[0] == 0) and (last < len(indices) or indices[-1] == count - 1)
    if not (is_alone and is_bounded):
        raise Unproved(Status.READINGS_INCOMPLETE)
    return first, last


def _summed(device_id: bytes, readings: list[Any], window_start_s: int) -> Any:
    """As an aggregator has to make it: sums over the records in the window, and the state at the last of them."""
    each_once = {(one.boot, one.sequence): one for one in readings}
    records = [record for one in each_once.values() for record in one.records]
    inside = [record for record in records if window_start_s <= record.start_s < window_start_s + WINDOW_S]
    if not inside:
        raise Unproved(Status.READINGS_INCOMPLETE)
    last, flags = inside[-1], 0
    for record in inside:
        flags |= record.flags
    sums = [sum(record[field] for record in inside) for field in range(2, 6)]
    return Entry(
        device_id, readings[-1].boot, readings[-1].sequence, *sums,
        last.temperature_mc, last.soc_permille, last.relays, flags,
    )  # fmt: skip


def _light_block(data: bytes, keys_of: KeysOf, network_id: bytes, verify: Verify) -> tuple[bytes, Any]:
    return _opened(light_block, data, keys_of, network_id, verify, light_block.SIZE_MAX)


def _reading(data: bytes, device_id: bytes, keys_of: KeysOf, network_id: bytes, verify: Verify) -> Any:
    signer_id, opened = _opened(reading, data, keys_of, network_id, verify, reading.SIZE_MAX)
    if signer_id != device_id:
        raise Unproved(Status.READINGS_INCOMPLETE)
    return opened


def _opened(
    module: Any, data: bytes, keys_of: KeysOf, network_id: bytes, verify: Verify, size: int
) -> tuple[bytes, Any]:
    """(signer id, message), under any key its signer ever had. Raises Unproved."""
    try:
        envelope = cose.open_envelope(data, size)
        if envelope.kind != module.KIND:
            raise Unproved(Status.EVIDENCE_MALFORMED)
        content = message.decode(module.LAYOUT, envelope.payload, size)
    except WireError as error:
        raise Unproved(Status.EVIDENCE_MALFORMED) from error
    signed = cose.signature_input(envelope.protected, envelope.payload, network_id)
    if not any(verify(key, signed, envelope.signature) for key in keys_of(envelope.signer_id)):
        raise Unproved(Status.EVIDENCE_FORGED)
    return envelope.signer_id, content


# Making one


def of_light_blocks(nonce: int, first: bytes, second: bytes) -> Any:
    """Two light blocks as signed, in one order whoever has them."""
    one, other = sorted((first, second))
    return evidence.Evidence(nonce, one, other, bytes(8), ())


def of_readings(nonce: int, block: bytes, leaves: Sequence[bytes], device_id: bytes) -> Any:
    """A light block and all its leaves in their order; those of the device go in, and one neighbour on each side."""
    signers = [cose.open_envelope(leaf).signer_id for leaf in leaves]
    first = signers.index(device_id)
    last = first + signers.count(device_id)
    shown = [
        evidence.Leaf(leaves[index], index, tuple(merkle.proof(leaves, index)))
        for index in range(max(0, first - 1), min(len(leaves), last + 1))
    ]
    return evidence.Evidence(nonce, block, b"", device_id, tuple(shown))


def of_one_reading(nonce: int, blocks: tuple[bytes, bytes], leaves: tuple[Any, Any], device_id: bytes) -> Any:
    """Two parts of one window, and where the same reading stands in each (wire.evidence.Leaf)."""
    return evidence.Evidence(nonce, *blocks, device_id, leaves)
