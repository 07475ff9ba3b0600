"""
Money is put on the board for a change of load, and leaves its payer's wallet at once: a user's own, or for the operator
and the cloud the grid's. Nobody offers what they do not have.
"""

from hashlib import sha256

from chain.board import OPEN, Posting
from chain.exchange import publish
from chain.rules.sent import Sent
from chain.rules.settle_interval import EMPTY
from chain.state import GRID_ID, State
from chain.status import Status
from wire.offer import DIRECTIONS
from wire.registration import USER

LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-")
AHEAD_MAX = 96  # intervals; delivery and baseline may be as long as half of it
LONG_MAX = 48


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if not LETTERS.issuperset(new.stream):
        return Status.STREAM_INVALID
    if new.direction >= len(DIRECTIONS):
        return Status.DIRECTION_UNKNOWN
    if not state.interval < new.expires_interval <= new.first_interval <= new.last_interval:
        return Status.DELIVERY_INVALID
    if new.last_interval - new.first_interval >= LONG_MAX or new.last_interval > state.interval + AHEAD_MAX:
        return Status.DELIVERY_INVALID
    if not 1 <= new.baseline_intervals <= LONG_MAX:
        return Status.BASELINE_INVALID
    offer_id = sha256(sent.transaction).digest()[:8]
    if offer_id in state.offers:
        return Status.OFFER_ID_TAKEN
    payer_id = sent.signer_id if sent.signer.role == USER else GRID_ID
    if state.wallets.get(payer_id, EMPTY).balance_micro < new.money_micro:
        return Status.BALANCE_TOO_LOW
    # APPLY
    publish(
        state,
        offer_id,
        Posting(
            payer_id,
            new.stream,
            new.direction,
            new.energy_wh,
            new.money_micro,
            new.first_interval,
            new.last_interval,
            new.baseline_intervals,
            state.interval,
            new.expires_interval,
            OPEN,
            bytes(8),
            0,
        ),
    )
    return Status.APPLIED
