"""
An exchange is atomic: the money of an offer is locked when it is published, and goes either to who delivered or back,
never elsewhere and never twice. Whether a device delivered is read from its books, which are sums of readings it
signed, against its own mean before the offer was published.
"""

from chain.board import ACCEPTED, ALL_WINDOWS, OPEN, PAID, RETURNED, Commitment, Posting, deadline
from chain.market import NOTHING
from chain.state import Number, State, Wallet, u32

EMPTY = Wallet(0, 0, 0)


def publish(state: State, offer_id: bytes, posting: Posting) -> None:
    _pay(state, posting.payer_id, -posting.money_micro)
    _put(state, offer_id, posting)


def accept(state: State, offer_id: bytes, posting: Posting, device_id: bytes, baseline_wh: int) -> None:
    _forget_deadline(state, offer_id, posting)
    _put(state, offer_id, posting._replace(outcome=ACCEPTED, device_id=device_id, baseline_wh=baseline_wh))
    for interval in delivery(posting):
        state.commitments.put(device_id + u32(interval), Commitment(offer_id, 0))


def conclude(state: State, offer_id: bytes, posting: Posting) -> None:
    """Both legs, or neither: the money to the device's owner if it delivered, else back."""
    _forget_deadline(state, offer_id, posting)
    has_delivered = posting.outcome == ACCEPTED and is_delivered(state, posting)
    to_id = state.subjects.get(posting.device_id).owner_id if has_delivered else posting.payer_id
    _pay(state, to_id, posting.money_micro)
    state.offers.put(offer_id, posting._replace(outcome=PAID if has_delivered else RETURNED))
    if posting.outcome == ACCEPTED:
        for interval in delivery(posting):
            state.commitments.delete(posting.device_id + u32(interval))


def conclude_due(state: State) -> None:
    """What is over now: open offers that expired, and accepted ones whose proof never came."""
    for key, _ in list(state.deadlines.items()):
        if int.from_bytes(key[:4], "big") > state.interval:
            return
        conclude(state, key[4:], state.offers.get(key[4:]))


def delivery(posting: Posting) -> range:
    return range(posting.first_interval, posting.last_interval + 1)


def is_over(state: State, posting: Posting) -> bool:
    return state.interval > posting.last_interval


def note_reading(state: State, device_id: bytes, interval: int, half: int) -> None:
    """A reading of this window is on the ledger: without one for every window nothing was delivered."""
    key = device_id + u32(interval)
    commitment = state.commitments.get(key)
    if commitment is not None:
        state.commitments.put(key, commitment._replace(windows=commitment.windows | 1 << half))


def is_delivered(state: State, posting: Posting) -> bool:
    """Every window of the delivery is measured, and the device's net import was lower (or higher) by what was asked."""
    commitments = [state.commitments.get(posting.device_id + u32(interval)) for interval in delivery(posting)]
    if any(commitment.windows != ALL_WINDOWS for commitment in commitments):
        return False
    return changed_wh(state, posting) >= posting.energy_wh


def changed_wh(state: State, posting: Posting) -> int:
    """How far the device's net import went in the direction asked for, so far."""
    net_wh = sum(_net_wh(state, posting.device_id, interval) for interval in delivery(posting))
    return net_wh - posting.baseline_wh if posting.direction else posting.baseline_wh - net_wh


def baseline_wh(state: State, posting: Posting, device_id: bytes) -> int | None:
    """
    The device's mean net import over the offer's baseline intervals, for as many intervals as are to be delivered;
    rounded down. None when it has no reading in one of them.
    """
    published = posting.published_interval
    before = range(published - posting.baseline_intervals, published)
    if any(u32(interval) + device_id not in state.books for interval in before):
        return None
    net_wh = sum(_net_wh(state, device_id, interval) for interval in before)
    return net_wh * len(delivery(posting)) // len(before)


def locked_micro(state: State) -> int:
    """The money that is in no wallet, for an exchange runs."""
    return sum(posting.money_micro for _, posting in state.offers.rows() if posting.outcome in (OPEN, ACCEPTED))


def _net_wh(state: State, device_id: bytes, interval: int) -> int:
    book = state.books.get(u32(interval) + device_id, NOTHING)
    return book.consumed_wh + book.charged_wh - book.produced_wh - book.discharged_wh


def _pay(state: State, wallet_id: bytes, money_micro: int) -> None:
    wallet = state.wallets.get(wallet_id, EMPTY)
    state.wallets.put(wallet_id, wallet._replace(balance_micro=wallet.balance_micro + money_micro))


def _put(state: State, offer_id: bytes, posting: Posting) -> None:
    state.offers.put(offer_id, posting)
    state.deadlines.put(u32(deadline(posting)) + offer_id, Number(1))


def _forget_deadline(state: State, offer_id: bytes, posting: Posting) -> None:
    state.deadlines.delete(u32(deadline(posting)) + offer_id)
