"""What a full node sends a light node, without a ledger: headers it signs, with all that the blocks hold."""

from hashlib import sha256
from typing import Any, NamedTuple

from tests.aggregator.area import sign, signer
from wire import area_block, contract, header, message, registration
from wire.registration import METER, MLMD


class Held(NamedTuple):
    """A block, as far as its header asks."""

    height: int
    interval: int
    app_hash: bytes
    transactions: tuple[bytes, ...]
    statuses: tuple[int, ...]
    decisions: tuple[Any, ...]


class ChainOfBlocks:
    """What "cloud" published, or anybody else who signs in its place."""

    def __init__(self, name: str = "cloud") -> None:
        self._name = name
        self.blocks: list[bytes] = []
        self.hash = bytes(32)  # of the last header
        self._nonces: dict[str, int] = {}

    def add(self, *transactions: bytes, statuses=None, decisions=(), **fields) -> bytes:
        """fields: of the header, to be other than they should."""
        statuses = statuses or (0,) * len(transactions)
        held = Held(len(self.blocks) + 1, 1, bytes(32), transactions, statuses, decisions)
        content = header.header_of(held, self.hash)._replace(**fields)
        signed = sign(self._name, header.KIND, header.LAYOUT, content)
        self.hash = sha256(signed).digest()
        shown = tuple(enumerate_as(area_block.Transaction, transactions, statuses))
        decided = tuple(enumerate_as(area_block.Decided, decisions))
        part = area_block.AreaBlock(signed, len(transactions), shown, (), (), len(decisions), decided, ())
        self.blocks.append(message.encode(area_block.LAYOUT, part))
        return self.blocks[-1]

    def registration(self, name: str, area: str = "aggregator", operator: str = "operator") -> bytes:
        role = {"meter": METER, "mlmd": MLMD}[name.partition("-")[0]]
        key = signer(name)
        owner_id = signer("user").identity if role == METER else bytes(8)
        content = (self._nonce(operator), key.identity, role, key.public_key, owner_id, signer(area).identity, 0)
        return sign(operator, registration.KIND, registration.LAYOUT, content)

    def heater_contract(self, number: int, name: str, power_w: int = 2000, user: str = "user") -> bytes:
        terms = (power_w, 40_000, 60_000, 1, 1, 10, 900, 1100, 48, 0)
        content = (self._nonce(user), number, contract.DEFERRABLE, signer(name).identity, terms, ())
        return sign(user, contract.KIND, contract.LAYOUT, content)

    def close_contract(self, number: int, user: str = "user") -> bytes:
        return sign(user, contract.CLOSE_KIND, contract.CLOSE_LAYOUT, (self._nonce(user), number))

    def _nonce(self, name: str) -> int:
        self._nonces[name] = self._nonces.get(name, 0) + 1
        return self._nonces[name]


def enumerate_as(made, *columns):
    return [made(index, *row) for index, row in enumerate(zip(*columns, strict=True))]
