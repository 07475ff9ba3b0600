"""A whole ledger as one JSON object, for reports and for whoever wants to look: docs/ledger.md has its fields."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from chain.audit import conservation
from chain.export_lots import cycles, heights, losses, origins, stored_origins, versions
from chain.genesis import Genesis
from chain.keys import keys_of
from chain.ledger_file import LedgerFile, StoredBlock
from chain.market import has_readings, supply_and_demand
from chain.opened import open_transaction
from chain.query import receipt_of
from chain.rules.settle_interval import wallet_of
from chain.state import Flow, Settled, State, u32
from chain.status import Status
from chain.verify import verify
from wire import contract, energy_type, kind, receipt
from wire.block import DECISION, REASONS
from wire.interval import interval_of, start_of
from wire.light_block import ENTRY

KINDS = {contract.SUPPLY: "supply", contract.DEFERRABLE: "deferrable", contract.BATTERY: "battery"}
ROLES = ("operator", "user", "meter", "mlmd", "aggregator", "cloud", "member")
OUTCOMES = {receipt.OBEYED: "obeyed", receipt.REFUSED: "refused"}


def export(path: str | Path, genesis: Genesis) -> dict[str, Any]:
    """The ledger at `path` after a full replay. Raises LedgerError when it cannot be read."""
    verified = verify(path, genesis)
    state = verified.state
    file = LedgerFile(path, is_writing=False)
    try:
        blocks = list(file.blocks())
    finally:
        file.close()
    statuses = Counter(Status(number).name for block in blocks for number in block.statuses)
    return {
        "network_id": genesis.network_id.hex(),
        "height": len(blocks),
        "interval": state.interval,
        "app_hash": state.app_hash.hex(),
        "transactions": sum(statuses.values()),
        "statuses": dict(sorted(statuses.items())),
        "energy_types": list(energy_type.NAMES),
        "grid_mix_permille": dict(genesis.grid_mix),
        "intervals": _books(state, blocks),
        "wallets": {key.hex(): wallet._asdict() for key, wallet in state.wallets.items()},
        "registrations": [_registration(state, key, subject) for key, subject in state.subjects.items()],
        "contracts": [_contract(key, agreement) for key, agreement in state.contracts.items()],
        "contract_versions": versions(state),
        "stocks": [
            {"device_id": key.hex(), "lost_wh": stock.lost_wh, "origins": origins(stock.origins)}
            for key, stock in state.stocks.items()
        ],
        "loss_accounts_wh": {key.hex(): account.number for key, account in state.loss_accounts.items()},
        "decisions": list(_decisions(state, blocks)),
        "edge_receipts": [
            {"device_id": key[:8].hex(), **_receipt(answer)}
            for key, answer in state.receipts.items()
            if answer.decision_id == 0
        ],
        "light_blocks": list(_light_blocks(blocks)),
        "conservation": conservation(state),
        "recomputed_equal": not verified.faults,
        "faults": list(verified.faults),
    }


def _books(state: State, blocks: list[StoredBlock]) -> list[dict[str, Any]]:
    priced, settled = heights(blocks, kind.PRICE), heights(blocks, kind.SETTLEMENT)
    return [
        {**_interval(state, number), "price_height": priced.get(number), "settled_height": settled.get(number)}
        for number in _intervals(state)
    ]


def _intervals(state: State) -> list[int]:
    """Every interval that has readings, or prices, or both."""
    keys = {key for table in (state.unsettled, state.settled, state.prices) for key, _ in table.items()}
    return sorted(int.from_bytes(key, "big") for key in keys)


def _interval(state: State, interval: int) -> dict[str, Any]:
    key = u32(interval)
    posted = state.prices.get(key)
    market = supply_and_demand(state, interval)
    stored = stored_origins(state, interval)
    return {
        "interval": interval,
        "start_s": start_of(interval),
        "price_micro_per_kwh": None if posted is None else list(posted.price_micro_per_kwh),
        "signal": None if posted is None else posted.signal_micro_per_kwh,
        "supply_wh": list(market.supply_wh),
        "demand_wh": market.demand_wh,
        "net_import_wh": market.net_import_wh,
        "settled": has_readings(state, interval) and key not in state.unsettled,
        "flows": [_flow(state, flow, stored) for flow in state.settled.get(key, Settled(())).flows],
        "cycles": cycles(state, interval),
        "losses_wh": losses(state, interval),
    }


def _flow(state: State, flow: Flow, stored: dict[Flow, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "producer": flow.producer_id.hex(),
        "consumer": flow.consumer_id.hex(),
        "seller": wallet_of(state, flow.producer_id).hex(),
        "buyer": wallet_of(state, flow.consumer_id).hex(),
        "energy_type": flow.energy_type,
        "energy_wh": flow.energy_wh,
        "price_micro_per_kwh": flow.price_micro_per_kwh,
        "money_micro": flow.money_micro,
        "origins": stored.get(flow, []),  # of what came out of a battery
    }


def _registration(state: State, key: bytes, subject: Any) -> dict[str, Any]:
    former = [one.public_key.hex() for one in keys_of(state, key) if one.until_interval is not None]
    return {
        "subject_id": key.hex(),
        "role": ROLES[subject.role],
        "public_key": subject.public_key.hex(),
        "former_keys": former,
        "is_revoked": key in state.revoked,
        "owner_id": subject.owner_id.hex(),
        "area_id": subject.area_id.hex(),
        "energy_type": subject.energy_type,
    }


def _contract(key: bytes, agreement: Any) -> dict[str, Any]:
    return {
        "contract_id": int.from_bytes(key, "big"),
        "owner_id": agreement.owner_id.hex(),
        "kind": KINDS[agreement.contract_kind],
        "device_id": agreement.device_id.hex(),
        "terms": dict(zip(contract.TERMS[agreement.contract_kind], agreement.terms, strict=False)),
        "energy_types": list(agreement.energy_types),
        "is_open": bool(agreement.is_open),
    }


def _decisions(state: State, blocks: list[StoredBlock]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for row in block.decisions:
            fields = dict(zip((name for name, _ in DECISION.fields), row, strict=True))
            answer = receipt_of(state, fields["decision_id"])
            yield {
                **fields,
                "device_id": fields["device_id"].hex(),
                "area_id": fields["area_id"].hex(),
                "reason_name": REASONS[fields["reason"]],
                "height": block.height,
                "receipt": None if answer is None else _receipt(answer),
            }


def _receipt(answer: Any) -> dict[str, Any]:
    return {
        "outcome": OUTCOMES[answer.outcome],
        "reason": receipt.REASONS[answer.reason],
        "acted_s": answer.acted_s,
        "action": answer.action,
        "value": answer.value,
        "power_w": answer.power_w,
        "command_sequence": answer.command_sequence,
    }


def _light_blocks(blocks: list[StoredBlock]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for transaction, status in zip(block.transactions, block.statuses, strict=True):
            opened = open_transaction(transaction)
            if status == Status.APPLIED and opened.envelope.kind == kind.LIGHT_BLOCK:
                yield _light_block(block.height, transaction, opened.content)


def _light_block(height: int, transaction: bytes, content: Any) -> dict[str, Any]:
    names = [name for name, _ in ENTRY.fields]
    entries = [dict(zip(names, entry, strict=True)) for entry in content.entries]
    return {
        "height": height,
        "number": content.number,
        "area_id": content.area_id.hex(),
        "window_start_s": content.window_start_s,
        "interval": interval_of(content.window_start_s),
        "part": content.part,
        "reading_count": content.reading_count,
        "merkle_root": content.merkle_root.hex(),
        "area_wh": content.area_wh,
        "tx_hash": sha256(transaction).hexdigest(),
        "entries": [{**entry, "device_id": entry["device_id"].hex()} for entry in entries],
    }
