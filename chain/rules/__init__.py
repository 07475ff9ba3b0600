"""
RULES: everything the ledger can do, one rule per kind of transaction.

A rule is `apply(state, sent) -> Status`: first all checks, in the order of status.py, then all changes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from chain.ledgers import MEMBER
from chain.rules import (
    accept,
    advance_interval,
    anchor,
    close_contract,
    commit_light_block,
    offer,
    open_contract,
    pay_out,
    post_price,
    record_double_vote,
    record_evidence,
    record_profile,
    record_receipt,
    register,
    release,
    revoke_key,
    rotate_key,
    set_member,
    set_weight,
    settle_interval,
    transfer,
)
from chain.rules.sent import OPERATOR, Sent
from chain.state import State
from chain.status import Status
from wire import (
    acceptance,
    contract,
    double_vote,
    evidence,
    kind,
    ledger_time,
    light_block,
    membership,
    money_release,
    payout,
    price,
    profile,
    receipt,
    registration,
    revocation,
    rotation,
    weight,
)
from wire import anchor as wire_anchor
from wire import offer as wire_offer
from wire import transfer as wire_transfer
from wire.schema import Layout


class Rule(NamedTuple):
    """What the transition needs to know of a kind before its rule sees it."""

    layout: Layout
    size_max: int
    roles: tuple[int, ...]  # who may send it
    has_nonce: bool
    apply: Callable[[State, Sent], Status]


_USER, _CLOUD, _AGGREGATOR = (registration.USER,), (registration.CLOUD,), (registration.AGGREGATOR,)
_DEVICES = (registration.METER, registration.MLMD)
_HOUSEHOLD = (registration.USER, registration.METER)
_PAYERS = (OPERATOR, registration.CLOUD, registration.USER)
_EVERYBODY = (*_PAYERS, registration.AGGREGATOR, *_DEVICES)
_HOLDERS = (OPERATOR, registration.USER, *_DEVICES)

RULES: dict[Any, Rule] = {
    kind.REGISTRATION: Rule(registration.LAYOUT, registration.SIZE_MAX, (OPERATOR,), True, register.apply),
    kind.CLOSE_CONTRACT: Rule(contract.CLOSE_LAYOUT, contract.SIZE_MAX, _USER, True, close_contract.apply),
    kind.CONTRACT: Rule(contract.LAYOUT, contract.SIZE_MAX, _USER, True, open_contract.apply),
    kind.LIGHT_BLOCK: Rule(light_block.LAYOUT, light_block.SIZE_MAX, _AGGREGATOR, False, commit_light_block.apply),
    kind.RECEIPT: Rule(receipt.LAYOUT, receipt.SIZE_MAX, _DEVICES, False, record_receipt.apply),
    kind.ADVANCE: Rule(ledger_time.ADVANCE_LAYOUT, ledger_time.SIZE_MAX, _CLOUD, True, advance_interval.apply),
    kind.SETTLEMENT: Rule(ledger_time.SETTLEMENT_LAYOUT, ledger_time.SIZE_MAX, _CLOUD, True, settle_interval.apply),
    kind.PRICE: Rule(price.LAYOUT, price.SIZE_MAX, _CLOUD, True, post_price.apply),
    kind.ROTATION: Rule(rotation.LAYOUT, rotation.SIZE_MAX, _HOLDERS, False, rotate_key.apply),
    kind.REVOCATION: Rule(revocation.LAYOUT, revocation.SIZE_MAX, (OPERATOR,), True, revoke_key.apply),
    kind.OFFER: Rule(wire_offer.LAYOUT, wire_offer.SIZE_MAX, _PAYERS, True, offer.apply),
    kind.ACCEPTANCE: Rule(acceptance.LAYOUT, acceptance.SIZE_MAX, _HOUSEHOLD, True, accept.apply),
    kind.RELEASE: Rule(
        money_release.LAYOUT, money_release.SIZE_MAX, (*_PAYERS, registration.METER), True, release.apply
    ),
    kind.EVIDENCE: Rule(evidence.LAYOUT, evidence.SIZE_MAX, _EVERYBODY, True, record_evidence.apply),
    kind.PROFILE: Rule(profile.LAYOUT, profile.SIZE_MAX, _USER, True, record_profile.apply),
    kind.ANCHOR: Rule(wire_anchor.LAYOUT, wire_anchor.SIZE_MAX, (OPERATOR, MEMBER), True, anchor.apply),
    kind.MEMBERSHIP: Rule(membership.LAYOUT, membership.SIZE_MAX, (OPERATOR,), True, set_member.apply),
    kind.WEIGHT: Rule(weight.LAYOUT, weight.SIZE_MAX, (OPERATOR,), True, set_weight.apply),
    kind.PAYOUT: Rule(payout.LAYOUT, payout.SIZE_MAX, (OPERATOR,), True, pay_out.apply),
    kind.TRANSFER: Rule(wire_transfer.LAYOUT, wire_transfer.SIZE_MAX, (OPERATOR, *_USER), True, transfer.apply),
    kind.DOUBLE_VOTE: Rule(double_vote.LAYOUT, double_vote.SIZE_MAX, _EVERYBODY, True, record_double_vote.apply),
}
assert tuple(RULES) == kind.TRANSACTIONS
