"""
Questions to a node (abci_query): a row of the state by table and key, with the proof that ties it to the app hash; or
one of a few figures. The answer is of the latest block; its app hash stands in the header of the next.
"""

from typing import Any, NamedTuple

from chain import query
from chain.cometbft.proof import proof_ops
from chain.state import TABLES, State

# What a client calls a table, beside the name it has in chain/state.py.
ALIASES = {
    "wallet": "wallets",
    "price": "prices",
    "contract": "contracts",
    "subject": "subjects",
    "receipt": "receipts",
}
NUMBERS = {name: number for number, (name, *_) in enumerate(TABLES)}


class Answer(NamedTuple):
    """code: 0 when it is answered. key, value: a row as hashed into the app hash; value is CBOR."""

    code: int = 0
    log: str = ""
    key: bytes = b""
    value: bytes = b""
    proof_ops: Any = None


NO_SUCH_QUESTION = Answer(1, "no such path: app_hash, interval, nonce, or a table of chain/state.py")
NO_SUCH_ROW = Answer(2, "there is no such row")


def answer(state: State, path: str, data: bytes, prove: bool) -> Answer:
    """path: "app_hash", "interval", "nonce" (data: signer id) or a table (data: key of the row)."""
    name = path.strip("/").removeprefix("state/")
    if name == "app_hash":
        return Answer(value=state.app_hash)
    if name == "interval":
        return Answer(value=state.interval.to_bytes(4, "big"))
    if name == "nonce":
        return Answer(key=data, value=query.nonce(state, data).to_bytes(8, "big"))
    number = NUMBERS.get(ALIASES.get(name, name))
    return NO_SUCH_QUESTION if number is None else _row(state, number, data, prove)


def _row(state: State, number: int, key: bytes, prove: bool) -> Answer:
    value = state.tables[number].encoded(key)
    proof = proof_ops(state, number, key) if prove else None
    row_key = bytes((number,)) + key
    if value is None:
        return NO_SUCH_ROW._replace(key=row_key, proof_ops=proof)
    return Answer(0, "", row_key, value, proof)
