"""
Three kinds of ledger from one code base. A business ledger is one group's own: devices, contracts, settlement. A
regulatory and a trading ledger are consortia's: organisations anchor there what their own ledgers hold, and members
alone write and read.

Reading: what crosses the broker of a consortium's ledger is sealed under a group key (link/group.py); each membership
brings that key in a sealed box for its member.
"""

from typing import Any, NamedTuple

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

from wire import kind
from wire.membership import READ, WRITE

BUSINESS, REGULATORY, TRADING = "business", "regulatory", "trading"
_OF_CONSORTIA = (
    kind.ADVANCE,
    kind.ANCHOR,
    kind.DOUBLE_VOTE,
    kind.MEMBERSHIP,
    kind.REGISTRATION,
    kind.REVOCATION,
    kind.ROTATION,
    kind.WEIGHT,
)
# What each kind of ledger takes as a transaction.
TAKES: dict[str, tuple[int, ...]] = {
    BUSINESS: kind.TRANSACTIONS,
    REGULATORY: _OF_CONSORTIA,
    TRADING: (*_OF_CONSORTIA, kind.OFFER, kind.PROFILE),
}
MEMBER = 6  # a subject's role, after those of wire/registration.py: only a Membership gives it


class Member(NamedTuple):
    """What an organisation may do here; by its id."""

    rights: int
    kinds: tuple[int, ...]
    group_key: bytes  # in a sealed box for the member


class Anchored(NamedTuple):
    """What stands for another ledger's data; by (ledger id, first day, last day, who anchored)."""

    plant_count: int
    hash_g: bytes
    interval: int  # of this ledger, when it was anchored


def may_write(member: Any, kind_number: int) -> bool:
    return member is not None and bool(member.rights & WRITE) and kind_number in member.kinds


def may_read(member: Any) -> bool:
    return member is not None and bool(member.rights & READ)


def key_for(group_key: bytes, member_public_key: bytes) -> bytes:
    """The group key (32 bytes) in a sealed box for a member's Ed25519 key: 80 bytes."""
    return SealedBox(VerifyKey(member_public_key).to_curve25519_public_key()).encrypt(group_key)


def open_key(box: bytes, seed: bytes) -> bytes:
    """The group key in a member's box, with the seed of the member's key. Raises ValueError for anybody else."""
    try:
        return SealedBox(SigningKey(seed).to_curve25519_private_key()).decrypt(box)
    except (CryptoError, ValueError) as error:
        raise ValueError("not this member's key") from error
