"""
What a household earned or owes, in units that all look alike. Settlement books energy into households' accounts, which
everybody can add up: meters and flows are public. A payout moves whole units out of all accounts at once, each to a
settlement key of its own. As every key holds the same, nothing but the secret they come from says whose one is.

Here is what the ledger itself can work out: how many units of which account. Whose key is whose is chain/household.py.
"""

from chain.archive import PERIOD_INTERVALS
from chain.rows import GRID_ID, Number, Wallet
from chain.state import State
from wire.registration import USER

EMPTY = Wallet(0, 0, 0)
ZERO = Number(0)


def period_before(interval: int) -> int:
    """The last settlement period that is over when this interval is open."""
    return interval // PERIOD_INTERVALS - 1


def units(balance_micro: int, unit_micro: int) -> int:
    """Whole units in a balance, towards zero; negative: owed."""
    whole = abs(balance_micro) // unit_micro
    return whole if balance_micro > 0 else -whole


def due(state: State, unit_micro: int, share: int = 0, shares: int = 1) -> dict[bytes, int]:
    """The units of every household's account that has any, by account, ascending."""
    found = {}
    for wallet_id, wallet in state.wallets.items():
        if wallet_id[0] % shares == share and is_household(state, wallet_id):
            count = units(wallet.balance_micro, unit_micro)
            if count:
                found[wallet_id] = count
    return found


def is_household(state: State, wallet_id: bytes) -> bool:
    """Whether this account is one that settlement books: no settlement key's, and not the grid's."""
    subject = state.subjects.get(wallet_id)
    return subject is not None and subject.role == USER and wallet_id not in state.settlement_keys


def move(state: State, wallet_id: bytes, money_micro: int) -> None:
    """Into a wallet, or out of it, by payout or transfer; never by half: the caller moves the same the other way."""
    wallet = state.wallets.get(wallet_id, EMPTY)
    state.wallets.put(wallet_id, wallet._replace(balance_micro=wallet.balance_micro + money_micro))
    state.moved.put(wallet_id, Number(state.moved.get(wallet_id, ZERO).number + money_micro))


def forget_spent(state: State, wallet_id: bytes) -> None:
    """A settlement key with nothing left in it leaves the state, so that spent ones do not gather there."""
    is_empty = state.wallets.get(wallet_id, EMPTY) == EMPTY and state.moved.get(wallet_id, ZERO) == ZERO
    if wallet_id in state.settlement_keys and is_empty:
        for table in (state.wallets, state.moved, state.subjects, state.settlement_keys):
            table.delete(wallet_id)
        if wallet_id in state.nonces:
            state.nonces.delete(wallet_id)


def can_hold(state: State, wallet_id: bytes) -> bool:
    """Whether there is such a wallet, or a user who may have one."""
    subject = state.subjects.get(wallet_id)
    return wallet_id == GRID_ID or (subject is not None and subject.role == USER)
