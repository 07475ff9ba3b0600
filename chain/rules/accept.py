"""
The matching leg of an offer: a meter is committed, by itself or by its owner, to deliver in intervals that have not
begun. Of two who accept, the first has it.
"""

from typing import Any

from chain.board import OPEN, Posting
from chain.exchange import accept, baseline_wh, delivery
from chain.rules.sent import Sent
from chain.state import State, u32
from chain.status import Status
from wire.registration import METER


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    leg = sent.message
    posting: Posting | None = state.offers.get(leg.offer_id)
    if posting is None:
        return Status.OFFER_NOT_FOUND
    if posting.outcome != OPEN:
        return Status.OFFER_CLOSED
    if (leg.energy_wh, leg.money_micro) != (posting.energy_wh, posting.money_micro):
        return Status.LEG_MISMATCH
    status = _check_device(state, sent, posting)
    if status is not Status.APPLIED:
        return status
    baseline = baseline_wh(state, posting, leg.device_id)
    if baseline is None:
        return Status.BASELINE_UNKNOWN
    # APPLY
    accept(state, leg.offer_id, posting, leg.device_id, baseline)
    return Status.APPLIED


def _check_device(state: State, sent: Sent, posting: Posting) -> Status:
    device_id: Any = sent.message.device_id
    device = state.subjects.get(device_id)
    if device is None or device.role != METER or device_id in state.revoked:
        return Status.DEVICE_NOT_FOUND
    if sent.signer_id not in (device_id, device.owner_id):
        return Status.DEVICE_NOT_OWNED
    if any(device_id + u32(interval) in state.commitments for interval in delivery(posting)):
        return Status.DEVICE_COMMITTED
    # A light block may come ahead of the ledger's time: what it measured is no answer to this offer.
    if any(u32(interval) + device_id in state.books for interval in delivery(posting)):
        return Status.DELIVERY_BEGUN
    return Status.APPLIED
