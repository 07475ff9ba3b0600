"""
Sealing: what of a window goes on the ledger. The Merkle root over the readings as
signed, and per device the sums and the last state. Pure; the store says which readings
are in no light block yet, the service submits what comes out.

A window's first light block is part 0. Whatever comes late makes a further part of its
own window, never of the present one.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from wire import interval, light_block, merkle, message

from .intake import records_of

ENTRIES_MAX = 4096
READINGS_MAX = 64  # of one device in one part: with intake.ENERGY_WH_MAX x 60 records, sums stay within 32 bits


class Leaf(NamedTuple):
    device_id: bytes
    boot: int
    sequence: int
    data: bytes


class Window(NamedTuple):
    """leaves: ascending (device_id, boot, sequence)."""

    window_start_s: int
    leaves: list[Leaf]


class Sealed(NamedTuple):
    """A signed light block, and what is in it."""

    number: int
    digest: bytes
    window_start_s: int
    part: int
    data: bytes
    leaves: list[Leaf]


class Sealer(NamedTuple):
    """Who seals: for which area, how it signs, and under which id where that is not the area's."""

    area_id: bytes
    network_id: bytes
    sign: Callable[[bytes], bytes]
    signer_id: bytes = b""


def split(leaves: list[Leaf]) -> Iterator[list[Leaf]]:
    """The leaves of one window as parts that fit a light block each."""
    devices = [list(group) for _, group in groupby(leaves, key=lambda leaf: leaf.device_id)]
    while devices:
        now, later = devices[:ENTRIES_MAX], devices[ENTRIES_MAX:]
        yield [leaf for device in now for leaf in device[:READINGS_MAX]]
        devices = [device[READINGS_MAX:] for device in now if len(device) > READINGS_MAX] + later


def seal(
    windows: Iterable[Window],
    parts_of: dict[int, int],
    last: tuple[int, bytes],
    mlmds: frozenset[bytes],
    sealer: Sealer,
) -> list[Sealed]:
    """
    The light blocks for these windows, continuing the chain after `last` (number, digest).

    parts_of: how many parts each window has already. mlmds: whose readings measure the area.
    """
    chain = []
    number, digest = last
    for window_start_s, leaves in windows:
        for part, some in enumerate(split(leaves), start=parts_of[window_start_s]):
            number += 1
            block = compose(number, digest, sealer.area_id, window_start_s, part, some, mlmds)
            signer_id, network_id = sealer.signer_id or sealer.area_id, sealer.network_id
            data = message.seal(light_block.KIND, light_block.LAYOUT, block, signer_id, network_id, sealer.sign)
            digest = sha256(data).digest()
            chain.append(Sealed(number, digest, window_start_s, part, data, some))
    return chain


def compose(
    number: int,
    previous_hash: bytes,
    area_id: bytes,
    window_start_s: int,
    part: int,
    leaves: list[Leaf],
    mlmds: frozenset[bytes],
) -> light_block.LightBlock:
    """One light block over the given leaves, of which those parts count that lie in the window."""
    by_device = groupby(leaves, key=lambda leaf: leaf.device_id)
    entries = tuple([_entry(device_id, list(group), window_start_s) for device_id, group in by_device])
    area_wh = sum(entry.consumed_wh - entry.produced_wh for entry in entries if entry.device_id in mlmds)
    root = merkle.root([leaf.data for leaf in leaves])
    return light_block.LightBlock(
        number, previous_hash, area_id, window_start_s, part, len(leaves), root, area_wh, entries
    )


def _entry(device_id: bytes, leaves: list[Leaf], window_start_s: int) -> light_block.Entry:
    end_s = window_start_s + interval.WINDOW_S
    records = [record for leaf in leaves for record in records_of(leaf.data) if window_start_s <= record[0] < end_s]
    last = records[-1]
    flags = 0
    for record in records:
        flags |= record[16]
    sums = [sum(record[field] for record in records) for field in range(2, 6)]
    return light_block.Entry(device_id, leaves[-1].boot, leaves[-1].sequence, *sums, *last[13:16], flags)
