"""Blocks as a full node signs them, without a ledger: for the stories of a light node."""

from hashlib import sha256

from link.keys import Signer
from tests.aggregator.area import NETWORK, sign, signer
from wire import block, contract, merkle, message, registration
from wire.registration import METER, MLMD


class ChainOfBlocks:
    """What "cloud" published, or anybody else who signs in its place."""

    def __init__(self, name: str = "cloud") -> None:
        self._name = name
        self.blocks: list[bytes] = []
        self._nonces: dict[str, int] = {}

    def add(self, *transactions: bytes, statuses=None, decisions=(), **fields) -> bytes:
        previous = sha256(self.blocks[-1]).digest() if self.blocks else bytes(32)
        whole = {
            "height": len(self.blocks) + 1,
            "interval": 1,
            "previous_hash": previous,
            "transactions_root": merkle.root(transactions),
            "app_hash": bytes(32),
            "transactions": transactions,
            "statuses": statuses or (0,) * len(transactions),
            "decisions": decisions,
        }
        signed = sign(self._name, block.KIND, block.LAYOUT, block.Block(**(whole | fields)))
        self.blocks.append(signed)
        return signed

    def registration(self, name: str, area: str = "aggregator", operator: str = "operator") -> bytes:
        role = {"meter": METER, "mlmd": MLMD}[name.partition("-")[0]]
        key = signer(name)
        content = (self._nonce(operator), key.identity, role, key.public_key, bytes(8), signer(area).identity, 0)
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


def seal_as(key: Signer, content: block.Block) -> bytes:
    return message.seal(block.KIND, block.LAYOUT, content, key.identity, NETWORK, key.sign)
