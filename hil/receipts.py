"""
Receipts as the aggregator keeps them, opened once more by the judge: each is checked against the device's key on the
ledger, so that "verified" does not rest on the aggregator's word.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from hil.evidence import Evidence
from wire import message, receipt
from wire.errors import WireError


class Opened(NamedTuple):
    """A receipt whose signature holds: the device's id in hex, and the wire's Receipt."""

    device_id: str
    receipt: Any

    @property
    def is_obeyed(self) -> bool:
        return self.receipt.outcome == receipt.OBEYED

    @property
    def reason(self) -> str:
        return receipt.REASONS[self.receipt.reason]


def opened(evidence: Evidence) -> tuple[list[Opened], list[str]]:
    """The receipts that hold, and a sentence for each that does not."""
    keys = {
        item["subject_id"]: (item["public_key"], *item.get("former_keys", ()))
        for item in evidence.ledger["registrations"]
    }
    network_id = evidence.ledger["network_id"]
    good, bad = [], []
    for row in evidence.aggregator["receipts"]:
        found = _open(row["data"], keys.get(row["device_id"], ()), network_id)
        if isinstance(found, str):
            bad.append(f"{evidence.names().get(row['device_id'], row['device_id'])}: {found}")
        else:
            good.append(Opened(row["device_id"], found))
    return good, bad


@lru_cache(maxsize=100_000)
def _open(data: str, public_keys: tuple[str, ...], network_id: str) -> Any:
    """The Receipt, under any key its device ever had, or what is wrong with it. Kept, because several checks ask."""

    def verify(_: bytes, signed: bytes, signature: bytes) -> bool:
        return any(_verify(bytes.fromhex(key), signed, signature) for key in public_keys)

    try:
        _, found = message.open_as(
            receipt.KIND,
            receipt.LAYOUT,
            bytes.fromhex(data),
            lambda _: b"known" if public_keys else None,
            bytes.fromhex(network_id),
            verify,
            receipt.SIZE_MAX,
        )
    except WireError as error:
        return f"a receipt does not hold: {error}"
    return found


def _verify(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + signed, public_key)
    except BadSignatureError:
        return False
    return True
