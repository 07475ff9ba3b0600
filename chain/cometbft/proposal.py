"""
A proposal is what one validator puts up as the next block and the others accept or refuse. A block has one order
(chain/order.py), the ledger's and not the proposer's: who proposes cannot put himself first.
"""

from collections.abc import Sequence

from chain.cometbft.protobuf import varint
from chain.cometbft.sequence import in_turn
from chain.opened import Opened
from chain.order import Open, in_order
from chain.state import State

TRANSACTIONS_MAX = 4096  # of one block, as of wire/block.py


def prepare(state: State, waiting: Sequence[bytes], bytes_max: int, open_one: Open) -> list[bytes]:
    """The next block from the mempool's transactions, oldest first within the limits, in the block's order."""
    useful = {opened.transaction for opened in _applicable(state, waiting, open_one)}
    taken: list[bytes] = []
    size = 0
    for transaction in dict.fromkeys(waiting):
        if transaction not in useful:
            continue
        size += 1 + len(varint(len(transaction))) + len(transaction)
        if size > bytes_max or len(taken) == TRANSACTIONS_MAX:
            break
        taken.append(transaction)
    return [opened.transaction for opened in _applicable(state, taken, open_one)]


def _applicable(state: State, transactions: Sequence[bytes], open_one: Open) -> list[Opened]:
    return in_turn(state, [opened for opened in in_order(transactions, open_one) if opened.rule is not None])


def is_acceptable(transactions: Sequence[bytes], open_one: Open) -> bool:
    """Whether another's proposal is a block: transactions, each once, in their order. All nodes must say the same."""
    if len(transactions) > TRANSACTIONS_MAX:
        return False
    ordered = in_order(transactions, open_one)
    return all(opened.rule is not None for opened in ordered) and [one.transaction for one in ordered] == list(
        transactions
    )
