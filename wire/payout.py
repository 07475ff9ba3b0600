"""
A Payout moves what households earned and owe to their settlement keys of a period, signed
by the operator. Every key gets or owes the same amount, the unit, and keys stand in
ascending order: which household's a key is, only it and the operator can tell.

How many keys there are of each sign follows from the accounts, so the ledger checks it.
"""

from .kind import PAYOUT as KIND  # noqa: F401
from .schema import U8, U32, U62, Layout, integer, listing, octets

KEYS_MAX = 7000

LAYOUT = Layout(
    "Payout",
    (
        ("nonce", U62),
        ("period", U32),  # UTC day
        ("unit_micro", integer(1, (1 << 62) - 1)),
        ("share", U8),  # of the accounts: those whose id begins with a byte that is this modulo `shares`
        ("shares", integer(1, 255)),
        ("credited", listing(octets(32), 0, KEYS_MAX)),  # each gets a unit; ascending
        ("debited", listing(octets(32), 0, KEYS_MAX)),  # each owes one; ascending
    ),
)
Payout = LAYOUT.cls

SIZE_MAX = 512 * 1024
