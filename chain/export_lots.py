"""Where energy came from, as the export shows it: lots, what batteries hold, losses, and the versions of contracts."""

from typing import Any

from chain.ledger_file import StoredBlock
from chain.lot import UNKNOWN, Cycle, Cycles, Lot, Origin
from chain.opened import open_transaction
from chain.origins import Origins
from chain.provenance import lot_key, shares
from chain.state import Flow, Settled, State, u32
from chain.status import Status
from wire import contract, kind
from wire.energy_type import STORAGE
from wire.registration import AGGREGATOR


def origins(rows: Origins) -> list[dict[str, Any]]:
    return [_origin(row) for row in rows]


def _origin(row: Origin) -> dict[str, Any]:
    """energy_type is None for what a battery had before the ledger saw it go in."""
    return {
        "interval": row.interval,
        "plant": row.plant_id.hex(),
        "energy_type": None if row.energy_type == UNKNOWN else row.energy_type,
        "energy_wh": row.energy_wh,
    }


def stored_origins(state: State, interval: int) -> dict[Flow, list[dict[str, Any]]]:
    """Of an interval's flows out of batteries: what each consists of."""
    flows = tuple(flow for flow in state.settled.get(u32(interval), Settled(())).flows if flow.energy_type == STORAGE)
    lots: dict[tuple[bytes, int], Lot] = {
        (flow.producer_id, STORAGE): state.lots.get(lot_key(interval, flow.producer_id, STORAGE)) for flow in flows
    }
    return {flow: origins(rows) for flow, rows in shares(interval, flows, lots).items()}


def cycles(state: State, interval: int) -> list[dict[str, Any]]:
    """What batteries took in during an interval."""
    return [_cycle(cycle) for cycle in state.cycles.get(u32(interval), Cycles(())).cycles]


def _cycle(cycle: Cycle) -> dict[str, Any]:
    return {
        "device_id": cycle.device_id.hex(),
        "charged_wh": cycle.charged_wh,
        "lost_wh": cycle.lost_wh,
        "stored": origins(cycle.stored),
        "dropped": origins(cycle.dropped),
    }


def losses(state: State, interval: int) -> dict[str, int]:
    """By area id: what the M-LMDs measured and the meters did not."""
    areas = [subject_id for subject_id, subject in state.subjects.items() if subject.role == AGGREGATOR]
    rows = {area_id.hex(): state.losses.get(u32(interval) + area_id) for area_id in areas}
    return {area: row.number for area, row in rows.items() if row is not None}


def versions(state: State) -> list[dict[str, Any]]:
    """Every version of every contract, and the intervals it is in force: since_interval <= i < until_interval."""
    result = []
    for key, row in state.versions.items():
        agreement = state.contracts.get(key[:4])
        names = contract.TERMS[agreement.contract_kind]
        result.append(
            {
                "contract_id": int.from_bytes(key[:4], "big"),
                "version": int.from_bytes(key[4:], "big"),
                "since_interval": row.since_interval,
                "until_interval": row.until_interval,
                "terms": dict(zip(names, row.terms, strict=False)),
                "energy_types": list(row.energy_types),
            }
        )
    return result


def heights(blocks: list[StoredBlock], number: int) -> dict[int, int]:
    """Of an interval's price (kind.PRICE) or latest settlement (kind.SETTLEMENT): the block it stands in."""
    assert number in (kind.PRICE, kind.SETTLEMENT)
    found = {}
    for block in blocks:
        for transaction, status in zip(block.transactions, block.statuses, strict=True):
            opened = open_transaction(transaction)
            if status == Status.APPLIED and opened.envelope.kind == number:
                found[opened.content.interval] = block.height
    return found
