"""Writes tests/phone/vectors.json: `python -m tests.phone.make_vectors`. Proofs of every kind, and what they show."""

import json
import tempfile
from pathlib import Path
from typing import Any

from chain.prove import outcome
from chain.state import u32
from tests.chain.world import NETWORK, START
from tests.phone.node import Node
from wire import proof

FILE = Path(__file__).with_name("vectors.json")


def vectors() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        node = Node(Path(directory) / "ledger.sqlite")
        rows = [
            ("a balance", proof.WALLETS, node.world.id("user-m2")),
            ("no such wallet", proof.WALLETS, b"nobody!!"),
            ("a price", proof.PRICES, u32(node.state.interval - 1)),
            ("a price that left the state", proof.PRICES, u32(START + 3)),
            ("a lot", proof.LOTS, next(key for key, lot in node.state.lots.items() if not lot.origins)),
        ]
        made = [_row(name, table, key, node.prove(table, key), node) for name, table, key in rows]
        block = node.file.block(3)
        assert block is not None
        told = outcome(block.transactions, block.statuses, 0, node.headers[2])
        answer = {
            "network_id": NETWORK.hex(),
            "public_key": node.world.key("cloud").public.hex(),
            "rows": made,
            "reading": {
                "key": node.root_key.hex(),
                "proof": node.prove_reading(6).hex(),
                "reading": node.readings[6].hex(),
            },
            "transaction": {
                "transaction": block.transactions[0].hex(),
                "status": int(block.statuses[0]),
                "proof": told.hex(),
            },
        }
        node.file.close()
    return answer


def _row(name: str, table: int, key: bytes, made: bytes, node: Node) -> dict[str, Any]:
    value = node.state.tables[table].encoded(key)
    row = node.file.history.find(table, key)
    shown = value if row is None else row.value
    return {
        "name": name,
        "table": table,
        "key": key.hex(),
        "value": None if shown is None else shown.hex(),
        "proof": made.hex(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n")
