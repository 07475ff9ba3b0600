"""
The sums that must be zero: energy and money are conserved to the unit. Worked out from the state by another road than
settlement took: from the books to the flows, and from the flows to the wallets.
"""

from collections import defaultdict

from chain.market import NOTHING
from chain.rules.settle_interval import EMPTY, wallet_of
from chain.state import GRID_ID, State, Wallet
from wire.registration import METER


def conservation(state: State) -> dict[str, int]:
    """How far the settled intervals are from balance: both 0 in a sound ledger."""
    return {"energy_error_wh": _energy_error_wh(state), "money_error_micro": _money_error_micro(state)}


def _energy_error_wh(state: State) -> int:
    """Of every meter and interval: what flowed in against what it used, what flowed out against what it made."""
    error = 0
    meters = [key for key, subject in state.subjects.items() if subject.role == METER]
    for key, settled in state.settled.items():
        if key in state.unsettled:
            continue
        made: dict[bytes, int] = defaultdict(int)
        used: dict[bytes, int] = defaultdict(int)
        for flow in settled.flows:
            made[flow.producer_id] += flow.energy_wh
            used[flow.consumer_id] += flow.energy_wh
        for meter_id in meters:
            book = state.books.get(key + meter_id, NOTHING)
            error += abs(made[meter_id] - book.produced_wh - book.discharged_wh)
            error += abs(used[meter_id] - book.consumed_wh - book.charged_wh)
    return error


def _money_error_micro(state: State) -> int:
    """Of every wallet: its balance against its flows; and all balances together, the grid's too, against zero."""
    balances: dict[bytes, int] = defaultdict(int)
    for _, settled in state.settled.items():
        for flow in settled.flows:
            balances[wallet_of(state, flow.producer_id)] += flow.money_micro
            balances[wallet_of(state, flow.consumer_id)] -= flow.money_micro
    wallets: dict[bytes, Wallet] = dict(state.wallets.items())
    error = abs(sum(wallet.balance_micro for wallet in wallets.values()))
    for user_id in wallets.keys() | balances.keys() | {GRID_ID}:
        error += abs(wallets.get(user_id, EMPTY).balance_micro - balances[user_id])
    return error
