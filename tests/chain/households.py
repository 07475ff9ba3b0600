"""A neighbourhood whose households are paid out to settlement keys: what the operator and they sign, by name."""

from hashlib import sha256

from chain.household import Holding, ViewKey, compose, holdings, view_key
from chain.opened import open_transaction
from chain.payout import due
from chain.settlement_key import SettlementKey
from tests.chain.world import NETWORK, START, World, window
from wire import kind, message, payout, transfer
from wire.energy_type import GRID, SOLAR

UNIT = 40_000
FIRST_PERIOD = START // 48
METERS = {"m1": GRID, "m2": SOLAR, "m3": SOLAR, "m4": GRID, "m5": GRID}


def seed(name: str) -> bytes:
    return sha256(name.encode()).digest()


class Households(World):
    """Of each meter one: "user-m1" and so on."""

    def __init__(self) -> None:
        super().__init__()
        self.people(METERS)
        self.day = FIRST_PERIOD

    def live(self, **wh: int) -> None:
        """The open interval: consumption by meter, production where it is negative; then it is settled."""
        now = self.state.interval
        entries = {meter: {"consumed_wh" if energy > 0 else "produced_wh": abs(energy)} for meter, energy in wh.items()}
        self.must(self.light_block("area", window(now), entries))
        self.must(self.advance(now + 1))
        self.must(self.settlement(now))

    def next_day(self) -> None:
        self.day += 1
        self.must(self.advance(self.day * 48))

    def payout(self, period: int | None = None, unit: int = UNIT, **changed: object) -> bytes:
        """The one that is due, or bent."""
        at = self.day - 1 if period is None else period
        due_now = compose(self.state, seed("operator"), self.next_nonce("operator"), at, unit)
        return self.sign("operator", kind.PAYOUT, payout.LAYOUT, due_now._replace(**changed))

    def view(self, household: str) -> ViewKey:
        return view_key(seed("operator"), self.key(household).public, self.key(household).public)

    def holdings(self, household: str) -> list[Holding]:
        opened = [open_transaction(one) for one, status in zip(self.log, self.statuses, strict=True) if not status]
        announced = [one.content for one in opened if one.envelope.kind == kind.PAYOUT]
        return holdings(announced, self.view(household))

    def transfer(self, signer: str, to_id: bytes, money_micro: int, nonce: int | None = None) -> bytes:
        fields = (nonce or self.next_nonce(signer), to_id, money_micro)
        return self.sign(signer, kind.TRANSFER, transfer.LAYOUT, fields)

    def spend(self, household: str, held: Holding, to_id: bytes, money_micro: int, nonce: int = 1) -> bytes:
        """A transfer signed with a settlement key, which only the household can."""
        key = SettlementKey(seed(household), self.key("operator").public, held.period, held.number)
        fields = (nonce, to_id, money_micro)
        return message.seal(kind.TRANSFER, transfer.LAYOUT, fields, held.key_id, NETWORK, key.sign)

    def balance(self, wallet_id: bytes) -> int:
        wallet = self.state.wallets.get(wallet_id)
        return 0 if wallet is None else wallet.balance_micro

    def units(self) -> dict[bytes, int]:
        return due(self.state, UNIT)
