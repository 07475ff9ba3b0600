"""
What a DoubleVote (wire/double_vote.py) proves, by the validator's own signatures alone: the same under every engine and
in every replay, although only CometBFT has validators.

CometBFT notices two votes of one round itself and puts both into a block (its header's evidence); it does not act on
them. `chain/cometbft/offences.py` reads them from there.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from chain import ed25519
from chain.cometbft.protobuf import BYTES, STRING, UINT, Field, Message, ProtobufError, decode, read_varint
from chain.state import State
from chain.status import Status

Verify = Callable[[bytes, bytes, bytes], bool]

PREVOTE, PRECOMMIT = 1, 2
# tendermint/types/canonical.proto of CometBFT 0.38; height and round are sfixed64.
_CANONICAL_VOTE = Message(
    "CanonicalVote",
    Field(1, "type", UINT),
    Field(2, "height", BYTES),
    Field(3, "round", BYTES),
    Field(4, "block_id", BYTES),
    Field(6, "chain_id", STRING),
)


class Offence(NamedTuple):
    """key: the same for the same offence, whichever way round the votes are shown."""

    key: bytes
    height: int
    round: int


def chain_id_of(network_id: bytes) -> str:
    """CometBFT's name for the network."""
    return f"gridtide-{network_id.hex()}"


def prove(shown: Any, network_id: bytes, verify: Verify) -> Offence | Status:
    """The offence, or why it is none."""
    votes = [_vote(signed) for signed in (shown.first, shown.second)]
    if None in votes or any(vote.type not in (PREVOTE, PRECOMMIT) for vote in votes):
        return Status.EVIDENCE_MALFORMED
    first, second = votes
    if any(vote.chain_id != chain_id_of(network_id) for vote in votes):
        return Status.EVIDENCE_FORGED
    for signed, signature in ((shown.first, shown.first_signature), (shown.second, shown.second_signature)):
        if not verify(shown.validator_key, signed, signature):
            return Status.EVIDENCE_FORGED
    if first[:3] != second[:3] or first.block_id == second.block_id:
        return Status.NO_CONTRADICTION
    place = first.height + first.round + bytes((first.type,))
    height, number = (int.from_bytes(one, "little") for one in (first.height, first.round))
    return Offence(sha256(b"votes" + shown.validator_key + place).digest(), height, number)


def is_new(state: State, shown: Any) -> bool:
    """Whether the ledger would record these votes, whoever shows them."""
    offence = prove(shown, state.genesis.network_id, ed25519.verify)
    is_proved = isinstance(offence, Offence) and offence.key not in state.faults
    return is_proved and shown.validator_key in state.validators


def _vote(signed: bytes) -> Any:
    """None for what is no vote. A height or round of 0 is left out there; here it has its eight bytes."""
    try:
        size, at = read_varint(signed, 0)
        vote = decode(_CANONICAL_VOTE, signed[at:])
    except (ProtobufError, IndexError):
        return None
    if size != len(signed) - at or any(len(one) not in (0, 8) for one in (vote.height, vote.round)):
        return None
    return vote._replace(height=vote.height.rjust(8, b"\0"), round=vote.round.rjust(8, b"\0"))
