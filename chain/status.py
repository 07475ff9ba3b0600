"""
A Status says what became of a transaction: applied, or the first check that refused it. It stands on the ledger
beside the transaction, so the numbers are for ever: append, never reorder.
"""

from enum import IntEnum


class Status(IntEnum):
    """In the order of the checks: those every transaction passes, then each rule's own."""

    APPLIED = 0
    MALFORMED = 1  # not a signed message of its kind, as wire decodes it
    UNKNOWN_KIND = 2  # a message the ledger takes no transactions of
    UNKNOWN_SIGNER = 3
    BAD_SIGNATURE = 4
    NOT_PERMITTED = 5  # the signer's role may not send this kind
    NONCE_STALE = 6  # this nonce was used: a replay, or an older transaction
    NONCE_GAP = 7  # a transaction of this signer is missing before this one
    SIGNER_REVOKED = 8  # checked with the signature: this signer takes part no more

    # register
    ROLE_UNKNOWN = 20
    KEY_WEAK = 21  # of small order, or no point of the curve's prime group
    SUBJECT_MISMATCH = 22  # the id is not the first 8 bytes of SHA-256 over the key
    SUBJECT_TAKEN = 23
    OWNER_NOT_REGISTERED = 24
    OWNER_NOT_ALLOWED = 25  # only a meter has an owner
    AREA_NOT_REGISTERED = 26  # no aggregator of this area
    AREA_NOT_ALLOWED = 27  # an aggregator's area is its own id, users and the cloud have none
    ENERGY_TYPE_UNKNOWN = 28

    # open_contract, close_contract
    CONTRACT_ID_ZERO = 40
    CONTRACT_ID_TAKEN = 41
    CONTRACT_KIND_UNKNOWN = 42
    DEVICE_NOT_FOUND = 43
    DEVICE_NOT_OWNED = 44
    DEVICE_HAS_CONTRACT = 45  # one open contract of a kind per device
    TERMS_INVALID = 46
    PREFERENCES_INVALID = 47
    CONTRACT_NOT_FOUND = 48
    CONTRACT_NOT_OWNED = 49
    CONTRACT_CLOSED = 50

    # commit_light_block
    WRONG_AREA = 60
    NUMBER_STALE = 61
    NUMBER_GAP = 62
    PREVIOUS_HASH_MISMATCH = 63
    WINDOW_NOT_ALIGNED = 64
    WINDOW_AHEAD = 65  # further ahead of the ledger's time than genesis allows
    PART_OUT_OF_ORDER = 66  # parts of a window count from 0 without a gap
    ENTRIES_NOT_ASCENDING = 67
    ENTRY_NOT_REGISTERED = 68
    ENTRY_OF_ANOTHER_AREA = 69
    AGGREGATOR_EXCLUDED = 70  # a fault of it was proved: checked after the area
    AREA_SUM_WRONG = 71  # area_wh is not what the entries of the area's M-LMDs come to

    # record_receipt
    OUTCOME_UNKNOWN = 80
    REASON_UNKNOWN = 81
    RECEIPT_KNOWN = 82
    DECISION_NOT_FOUND = 83
    DECISION_OF_ANOTHER_DEVICE = 84
    RECEIPT_TOO_OLD = 85  # of an interval that left the state: whether it is a replay cannot be told any more

    # advance_interval, settle_interval
    INTERVAL_NOT_AFTER = 100  # the ledger's time only moves on
    INTERVAL_NOT_CLOSED = 101
    NOTHING_TO_SETTLE = 102  # no readings, or none since it was settled

    # post_price
    INTERVAL_NOT_CURRENT = 120
    PRICE_POSTED = 121
    PRICE_MISMATCH = 122  # not what the ledger's own supply and demand make it

    # rotate_key, revoke_key
    SUBJECT_NOT_FOUND = 140
    SUBJECT_REVOKED = 141
    KEY_OF_ANOTHER = 142  # only its holder and the operator change a key
    KEY_FIXED = 143  # an aggregator's and the cloud's key stand in everybody's settings
    KEY_SPENT = 144  # it is, or once was, this subject's key
    KEY_UNPROVED = 145  # who changes its own key shows with the next one's signature to have it

    # offer, accept, release
    STREAM_INVALID = 160
    DIRECTION_UNKNOWN = 161
    DELIVERY_INVALID = 162  # in the past, too long, too far ahead, or it begins before the offer expires
    BASELINE_INVALID = 163
    OFFER_ID_TAKEN = 164
    BALANCE_TOO_LOW = 165  # nobody offers what they do not have
    OFFER_NOT_FOUND = 166
    OFFER_CLOSED = 167  # taken by another, expired, paid or returned
    LEG_MISMATCH = 168  # not what is offered
    DEVICE_COMMITTED = 169  # to another offer in one of these intervals
    DELIVERY_BEGUN = 170  # there are readings of it already
    BASELINE_UNKNOWN = 171  # the device has no readings in one of the baseline's intervals
    DELIVERY_NOT_OVER = 172
    DELIVERY_NOT_PROVEN = 173  # by the readings on the ledger, so far

    # record_evidence
    EVIDENCE_MALFORMED = 180  # what should be a light block or a reading is none
    EVIDENCE_FORGED = 181  # a signature is not of who it names
    PROOF_WRONG = 182  # a leaf is not in the light block's tree
    READINGS_INCOMPLETE = 183  # it is not shown that these are all the device's readings in the light block
    NO_CONTRADICTION = 184
    EVIDENCE_KNOWN = 185

    # record_profile
    PROFILE_NOT_PADDED = 200  # to steps of 256 bytes, both boxes alike: lengths would tell

    # set_member, anchor; the first two are checked of every transaction, after its signer's role
    KIND_NOT_TAKEN = 210  # not on a ledger of this kind
    RIGHT_MISSING = 211  # this member may not send this
    RIGHTS_INVALID = 212
    PERIOD_INVALID = 213
    ANCHOR_KNOWN = 214

    # pay_out, transfer
    PAYOUT_PERIOD_OPEN = 220  # or so old that its rows have left the state
    PAYOUT_KNOWN = 221
    PAYOUT_COUNT_WRONG = 222  # not as many keys as the accounts come to
    PAYOUT_UNORDERED = 223  # an order could tell whose a key is
    WALLET_NOT_FOUND = 224

    # set_weight
    VALIDATORS_TOO_MANY = 230
    ORGANISATIONS_TOO_FEW = 231  # one of them would have a third of the voting power
    VALIDATOR_EXCLUDED = 232  # it voted twice: a weight is for another key
    VALIDATOR_UNKNOWN = 233  # not of this ledger's weights: only the operator accuses such a one
