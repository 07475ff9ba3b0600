"""
The sums that must be zero: energy and money are conserved to the unit. Worked out from the state by another road than
settlement took: from the books to the flows, and from the flows to the wallets.

Once intervals have left the state (chain/archive.py) an account is more than the flows that are still in it: then what
must be zero is checked of all accounts together, and of the intervals that are there.
"""

from collections import defaultdict

from chain.archive import has_left
from chain.board import PAID, RETURNED
from chain.exchange import locked_micro
from chain.lot import Lot, total_wh
from chain.market import NOTHING
from chain.provenance import is_shortfall
from chain.rules.settle_interval import EMPTY, wallet_of
from chain.state import GRID_ID, State, Wallet
from wire.energy_type import STORAGE
from wire.registration import METER


def conservation(state: State) -> dict[str, int]:
    """How far the settled intervals are from balance: all 0 in a sound ledger."""
    return {
        "energy_error_wh": _energy_error_wh(state),
        "money_error_micro": _money_error_micro(state),
        "lot_error_wh": _lot_error_wh(state),
        "stock_error_wh": _stock_error_wh(state),
        "loss_error_wh": _loss_error_wh(state),
    }


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
    error = abs(sum(wallet.balance_micro for wallet in wallets.values()) + locked_micro(state))
    _add_exchanges(state, balances)
    for wallet_id, money in state.moved.items():
        balances[wallet_id] += money.number
    error += abs(sum(money.number for _, money in state.moved.items()))
    if has_left(state):
        return error
    for user_id in wallets.keys() | balances.keys() | {GRID_ID}:
        error += abs(wallets.get(user_id, EMPTY).balance_micro - balances[user_id])
    return error


def _add_exchanges(state: State, balances: dict[bytes, int]) -> None:
    """What offers took out of wallets, and what was paid."""
    for _, posting in state.offers.items():
        if posting.outcome != RETURNED:
            balances[posting.payer_id] -= posting.money_micro
        if posting.outcome == PAID:
            balances[wallet_of(state, posting.device_id)] += posting.money_micro


def _lot_error_wh(state: State) -> int:
    """Of every lot: what flowed out of it against its size; and of a battery's, the sum of its origins."""
    sold: dict[bytes, int] = defaultdict(int)
    for key, settled in state.settled.items():
        for flow in settled.flows:
            sold[key + flow.producer_id + bytes((flow.energy_type,))] += flow.energy_wh
    lots: dict[bytes, Lot] = dict(state.lots.items())
    error = sum(abs(sold[key] - (lots[key].energy_wh if key in lots else 0)) for key in sold.keys() | lots.keys())
    stored = [lot for key, lot in lots.items() if key[-1] == STORAGE]
    return error + sum(abs(lot.energy_wh - total_wh(lot.origins)) for lot in stored)


def _stock_error_wh(state: State) -> int:
    """Of every battery: what it took, and what it had before anybody counted, against what it gave, lost and holds."""
    if has_left(state):
        return 0
    balance_wh: dict[bytes, int] = defaultdict(int)
    for _, row in state.cycles.items():
        for cycle in row.cycles:
            balance_wh[cycle.device_id] += cycle.charged_wh
    for key, lot in state.lots.items():
        device_id = key[4:-1]
        if key[-1] == STORAGE:
            interval = int.from_bytes(key[:4], "big")
            had_wh = sum(row.energy_wh for row in lot.origins if is_shortfall(row, interval, device_id))
            balance_wh[device_id] += had_wh - lot.energy_wh
    for device_id, stock in state.stocks.items():
        balance_wh[device_id] -= stock.lost_wh + total_wh(stock.origins)
    return sum(map(abs, balance_wh.values()))


def _loss_error_wh(state: State) -> int:
    """Of every area: its account against its losses."""
    if has_left(state):
        return 0
    balance_wh: dict[bytes, int] = defaultdict(int)
    for key, lost in state.losses.items():
        balance_wh[key[4:]] += lost.number
    for area_id, account in state.loss_accounts.items():
        balance_wh[area_id] -= account.number
    return sum(map(abs, balance_wh.values()))
