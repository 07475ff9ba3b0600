"""The operator takes an organisation in, changes what it may do, or lets it go (no rights): the latest word counts."""

from hashlib import sha256
from itertools import pairwise

from chain.ed25519 import is_sound
from chain.ledgers import MEMBER, TAKES, Member
from chain.rules.sent import Sent
from chain.state import State, Subject
from chain.status import Status
from wire.membership import READ, WRITE

NOBODY = bytes(8)
BOX = 80  # a sealed box of 32 bytes


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    new = sent.message
    if not is_sound(new.public_key):
        return Status.KEY_WEAK
    if new.member_id != sha256(new.public_key).digest()[:8]:
        return Status.SUBJECT_MISMATCH
    known = state.subjects.get(new.member_id)
    if (known is not None and known.role != MEMBER) or new.member_id == sent.signer_id:
        return Status.SUBJECT_TAKEN
    takes = TAKES[state.genesis.ledger_kind]
    are_kinds_sound = all(number in takes for number in new.kinds) and all(a < b for a, b in pairwise(new.kinds))
    if new.rights > READ + WRITE or not are_kinds_sound or bool(new.kinds) != bool(new.rights & WRITE):
        return Status.RIGHTS_INVALID
    if len(new.group_key) != (BOX if new.rights & READ else 0):
        return Status.RIGHTS_INVALID
    # APPLY
    if known is None:
        state.subjects.put(new.member_id, Subject(MEMBER, new.public_key, NOBODY, NOBODY, 0))
    state.members.put(new.member_id, Member(new.rights, new.kinds, new.group_key))
    return Status.APPLIED
