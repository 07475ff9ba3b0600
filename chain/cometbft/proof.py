"""
A proof of a row of the state as ABCI carries it: one operation in proof_ops, whose data is a StateProof (wire/proof.py,
docs/proofs.md). `phone/` checks it against the app hash in the next block's header.
"""

from typing import Any

from chain.cometbft.messages import PROOF_OP, PROOF_OPS
from chain.prove import state_proof
from chain.state import State
from wire import message, proof

TYPE = "gridtide:state"


def proof_ops(state: State, number: int, key: bytes) -> Any:
    """Of the row, or of there being none."""
    data = message.encode(proof.STATE, state_proof(state, number, key))
    return PROOF_OPS((PROOF_OP(TYPE, bytes((number,)) + key, data),))
