"""Questions about a state, answered without changing it: what the services and the export read."""

from typing import Any

from chain.market import SupplyAndDemand, has_readings, latest_interval, prices_due, supply_and_demand
from chain.rules.commit_light_block import NO_HEAD
from chain.rules.settle_interval import EMPTY
from chain.state import Agreement, Number, Posted, State, Subject, Wallet, u32, u64
from wire.registration import METER, MLMD

__all__ = [
    "SupplyAndDemand",
    "agreements",
    "decision",
    "devices",
    "has_readings",
    "latest_interval",
    "light_block_head",
    "nonce",
    "posted",
    "prices_due",
    "receipt_of",
    "subject",
    "supply_and_demand",
    "unsettled",
    "wallet",
]


def nonce(state: State, signer_id: bytes) -> int:
    """The last nonce this signer used; 0 before the first."""
    return state.nonces.get(signer_id, Number(0)).number


def light_block_head(state: State, aggregator_id: bytes) -> tuple[int, bytes]:
    """(number, SHA-256) of the aggregator's last light block on the ledger; (0, 32 zero bytes) before the first."""
    head = state.heads.get(aggregator_id, NO_HEAD)
    return head.number, head.digest


def unsettled(state: State) -> list[int]:
    """The closed intervals whose readings are not, or not all, in the wallets: what a settlement is due for."""
    intervals = [int.from_bytes(key, "big") for key, _ in state.unsettled.items()]
    return [interval for interval in intervals if interval < state.interval]


def subject(state: State, subject_id: bytes) -> Subject | None:
    return state.subjects.get(subject_id)


def devices(state: State) -> dict[bytes, Subject]:
    """Every meter and M-LMD, by id, ascending."""
    return {key: value for key, value in state.subjects.items() if value.role in (METER, MLMD)}


def agreements(state: State) -> dict[int, Agreement]:
    """Every contract, open or closed, by contract id, ascending."""
    return {int.from_bytes(key, "big"): value for key, value in state.contracts.items()}


def wallet(state: State, user_id: bytes) -> Wallet:
    """A user's wallet; the grid's for chain.state.GRID_ID."""
    return state.wallets.get(user_id, EMPTY)


def decision(state: State, decision_id: int) -> Any:
    """The wire.block.Decision with this id; None when there is none."""
    return state.decisions.get(u64(decision_id))


def receipt_of(state: State, decision_id: int) -> Any:
    """The wire.receipt.Receipt that answers a decision; None while there is none."""
    answer = state.answers.get(u64(decision_id))
    if answer is None:
        return None
    return state.receipts.get(state.decisions.get(u64(decision_id)).device_id + u32(answer.number))


def posted(state: State, interval: int) -> Posted | None:
    """The prices posted for an interval."""
    return state.prices.get(u32(interval))
