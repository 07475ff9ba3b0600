"""
What an operator does with a run's ledger at the end of two days: households are paid out to settlement keys, the second
time in smaller units. Done on the file the run left, with the keys the bench knows.
"""

from pathlib import Path

from chain.embedded import EmbeddedLedger
from chain.genesis import Genesis
from chain.household import Holding, ViewKey, compose, holdings, payouts, view_key
from chain.ledger_file import LedgerFile
from chain.query import nonce
from hil.provision import Network
from wire import kind, ledger_time, message, payout
from wire.payout import Payout

UNITS = (3_000, 200)  # micro-units


def pay_out(services: Path, network: Network) -> list[Payout]:
    """The two payouts, as they were applied."""
    ledger = EmbeddedLedger.open(services / "ledger.sqlite", Genesis.load(services / "genesis.toml"))
    done = []
    for unit_micro in UNITS:
        period = ledger.interval // 48
        number = nonce(ledger.state, network.cloud.id) + 1
        later = (number, (period + 1) * 48)
        advance = message.seal(
            kind.ADVANCE, ledger_time.ADVANCE_LAYOUT, later, network.cloud.id, network.network_id, network.cloud.sign
        )
        assert not any(ledger.commit([advance]).statuses)
        operator = network.operator
        due = compose(ledger.state, operator.seed, nonce(ledger.state, operator.id) + 1, period, unit_micro)
        signed = message.seal(kind.PAYOUT, payout.LAYOUT, due, operator.id, network.network_id, operator.sign)
        assert not any(ledger.commit([signed]).statuses)
        done.append(due)
    ledger.close()
    return done


def views(network: Network) -> dict[str, ViewKey]:
    """By household, as its own key makes it."""
    return {
        name: view_key(user.seed, network.operator.public_key, user.public_key) for name, user in network.users.items()
    }


def held(path: Path, view: ViewKey) -> list[Holding]:
    file = LedgerFile(path, is_writing=False)
    try:
        return holdings(payouts(file), view)
    finally:
        file.close()


def records(path: Path) -> list[bytes]:
    """Every row of the state with its key, and every transaction."""
    file = LedgerFile(path, is_writing=False)
    try:
        rows = [key + value for _, key, value in file.state()]
        return rows + [transaction for block in file.blocks() for transaction in block.transactions]
    finally:
        file.close()
