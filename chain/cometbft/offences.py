"""
Double votes as CometBFT has them in its blocks, made into what the ledger takes as proof (chain/double_vote.py): the
bytes each vote's signature is over, anew from its fields.
"""

import base64
from datetime import datetime
from typing import Any, NamedTuple

from chain.cometbft.protobuf import varint
from chain.cometbft.rpc import Rpc

DUPLICATE_VOTE = "tendermint/DuplicateVoteEvidence"


class Votes(NamedTuple):
    """In the order of wire.double_vote.LAYOUT, without the nonce."""

    validator_key: bytes
    first: bytes
    first_signature: bytes
    second: bytes
    second_signature: bytes


def offences_in(rpc: Rpc, height: int) -> list[Votes]:
    """The double votes that stand in a block. Raises NotReached, RpcError."""
    block = rpc.call("block", height=str(height))["block"]
    shown = [one["value"] for one in block["evidence"]["evidence"] if one["type"] == DUPLICATE_VOTE]
    return [_votes(rpc, one["vote_a"], one["vote_b"], block["header"]["chain_id"]) for one in shown]


def _votes(rpc: Rpc, first: Any, second: Any, chain_id: str) -> Votes:
    validators = rpc.call("validators", height=first["height"], per_page="100")["validators"]
    keys = {one["address"]: base64.b64decode(one["pub_key"]["value"]) for one in validators}
    signed = [(sign_bytes(vote, chain_id), base64.b64decode(vote["signature"])) for vote in (first, second)]
    return Votes(keys[first["validator_address"]], *signed[0], *signed[1])


def sign_bytes(vote: Any, chain_id: str) -> bytes:
    """What a vote's signature is over. vote: as the RPC has it. CometBFT: types/canonical.go, CanonicalizeVote."""
    content = b"\x08" + varint(int(vote["type"]))
    for tag, name in ((b"\x11", "height"), (b"\x19", "round")):
        number = int(vote[name])
        content += tag + number.to_bytes(8, "little") if number else b""
    content += _block_id(vote["block_id"]) + _field(b"\x2a", _timestamp(vote["timestamp"]))
    content += _field(b"\x32", chain_id.encode())
    return varint(len(content)) + content


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + varint(len(content)) + content


def _block_id(found: Any) -> bytes:
    """Nothing for a vote for no block."""
    if not found["hash"]:
        return b""
    parts = b"\x08" + varint(int(found["parts"]["total"])) + _field(b"\x12", bytes.fromhex(found["parts"]["hash"]))
    return _field(b"\x22", _field(b"\x0a", bytes.fromhex(found["hash"])) + _field(b"\x12", parts))


def _timestamp(text: str) -> bytes:
    """RFC 3339 with up to nine digits of a second, as google.protobuf.Timestamp."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds, nanos = int(datetime.fromisoformat(whole + "+00:00").timestamp()), int(fraction.ljust(9, "0") or 0)
    return b"\x08" + varint(seconds) + (b"\x10" + varint(nanos) if nanos else b"")
