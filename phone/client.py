"""
What a phone asks: how much is in my wallet, is my meter's reading on the ledger, what did an hour cost, what did my
plant give? Each answer is worked out from a proof and a header, both as untrusted bytes, or is a ProofError.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from phone.errors import ProofError
from phone.header import HeaderChain
from phone.proof import check_leaf, check_row, decode, fields
from wire import cose, message, proof, reading, reading_ask
from wire.block import DECISION
from wire.errors import WireError


class Wallet(NamedTuple):
    """As the table wallets has it; all zero for a user without one."""

    balance_micro: int
    bought_wh: int
    sold_wh: int


class Reading(NamedTuple):
    """A reading under a light block's root. It is its device's word: `is_signed` only with the device's key."""

    device_id: bytes
    content: Any  # wire.reading.Reading
    is_signed: bool


class Household(NamedTuple):
    """Who asks for readings of their own. sign: bytes -> 64 bytes, with the key the household was registered with."""

    public_key: bytes
    network_id: bytes
    sign: Callable[[bytes], bytes]


class Phone:
    """headers: whom we trust. Each question takes a proof as it was sent; its own header, else the latest, counts."""

    def __init__(self, headers: HeaderChain) -> None:
        self.headers = headers

    def header_of(self, found: Any) -> Any:
        """
        The header a proof is to be checked against: never one before the latest, or an old balance would pass for
        today's. Raises ProofError.
        """
        header = self.headers.follow(found.header) if found.header else self.headers.latest
        if header is None:
            raise ProofError("wrong_question", "no header to check against")
        return header

    def _row(self, data: bytes, table: int, key: bytes) -> Any:
        found = decode(data)
        return check_row(found, table, key, self.header_of(found).app_hash)

    def wallet(self, data: bytes, user_id: bytes) -> Wallet:
        """Raises ProofError; `not_there` for a proof that there is no such wallet."""
        return Wallet(*fields(self._row(data, proof.WALLETS, user_id).value, int, int, int))

    def price(self, data: bytes, interval: int) -> tuple[int, ...]:
        """Micro-units for a kWh, by energy type, as posted for an interval. Raises ProofError."""
        prices, _ = fields(self._row(data, proof.PRICES, interval.to_bytes(4, "big")).value, list, int)
        return tuple(prices)

    def lot_wh(self, data: bytes, interval: int, plant_id: bytes, energy_type: int) -> int:
        """What a plant gave of one type in an interval. Raises ProofError."""
        key = interval.to_bytes(4, "big") + plant_id + bytes((energy_type,))
        energy_wh, _ = fields(self._row(data, proof.LOTS, key).value, int, list)
        return energy_wh

    def reading(
        self, data: bytes, area_id: bytes, window_start_s: int, part: int, device_key: bytes | None = None
    ) -> Reading:
        """
        A reading in one part of a window of an area, as committed. device_key: who must have signed it.

        Raises ProofError.
        """
        found = decode(data)
        key = area_id + window_start_s.to_bytes(8, "big") + part.to_bytes(2, "big")
        row = check_row(found, proof.ROOTS, key, self.header_of(found).app_hash)
        root, count = fields(row.value, bytes, int)
        if len(found.place) != 1 or found.place[0].count != count:
            raise ProofError("wrong_question", "the light block has another number of readings")
        check_leaf(found.leaf, found.place[0], root)
        return self._read(found.leaf, device_key)

    def decision(self, data: bytes, height: int) -> Any:
        """The wire.block.Decision that contracts made in the block of this height. Raises ProofError."""
        found = decode(data)
        header = self.headers.read(found.header) if found.header else self.headers.latest
        if header is None or header.height != height or len(found.place) != 1:
            raise ProofError("wrong_question", "another height")
        check_leaf(found.leaf, found.place[0], header.decisions_root)
        try:
            return message.decode(DECISION, found.leaf)
        except WireError as error:
            raise ProofError("malformed", str(error)) from error

    def _read(self, leaf: bytes, device_key: bytes | None) -> Reading:
        try:
            envelope = cose.open_envelope(leaf, reading.SIZE_MAX)
            if envelope.kind != reading.KIND:
                raise ProofError("wrong_question", "no reading")
            if device_key is not None:
                self.headers.check_signature(envelope, device_key)
            content = message.decode(reading.LAYOUT, envelope.payload, reading.SIZE_MAX)
        except WireError as error:
            raise ProofError("malformed", str(error)) from error
        return Reading(envelope.signer_id, content, device_key is not None)

    def status(self, data: bytes, transaction: bytes, height: int) -> int:
        """What became of a transaction in the block of this height, however old: 0 is applied. Raises ProofError."""
        found = decode(data)
        header = self.headers.read(found.header) if found.header else self.headers.latest
        if header is None or header.height != height:
            raise ProofError("wrong_question", "another height")
        if len(found.leaf) != 34 or found.leaf[:32] != sha256(transaction).digest() or len(found.place) != 1:
            raise ProofError("wrong_question", "another transaction")
        check_leaf(found.leaf, found.place[0], header.outcomes_root)
        return int.from_bytes(found.leaf[32:], "big")


def ask_for_reading(household: Household, asker_id: bytes, device_id: bytes, window_start_s: int) -> bytes:
    """The signed question for a meter's readings of a window: for the aggregator's topic (wire/topics.py)."""
    asked = (asker_id, device_id, window_start_s, household.public_key)
    identity = sha256(household.public_key).digest()[:8]
    return message.seal(reading_ask.KIND, reading_ask.LAYOUT, asked, identity, household.network_id, household.sign)


def root_asked_for(place: Any) -> tuple[int, bytes]:
    """(table, key) to ask the full node for: the root of the light block in which a reading is said to stand."""
    return proof.ROOTS, place.area_id + place.window_start_s.to_bytes(8, "big") + place.part.to_bytes(2, "big")


def read_place(data: bytes) -> Any:
    """The wire.reading_ask.Answer in an aggregator's untrusted bytes. Raises ProofError."""
    try:
        return message.decode(reading_ask.ANSWER_LAYOUT, data, reading_ask.ANSWER_SIZE_MAX)
    except WireError as error:
        raise ProofError("malformed", str(error)) from error


def with_place(row: bytes, place: Any) -> bytes:
    """The full node's proof of that root and the aggregator's place of a reading, made one. Raises ProofError."""
    return message.encode(proof.LAYOUT, decode(row)._replace(leaf=place.reading, place=(place.place,)))
