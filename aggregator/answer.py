"""
Answers to commands: a device's signed receipt, checked against the command it answers.
Pure. What is verified here is stored and goes on the ledger as the device signed it.
"""

from typing import NamedTuple

from wire import receipt
from wire.receipt import Receipt

from .command_store import CommandStore
from .refusal import Refused
from .registry import Registry, Verify


class Answer(NamedTuple):
    device_id: bytes
    receipt: Receipt
    data: bytes


def read_receipt(data: bytes, device_id: bytes, registry: Registry, network_id: bytes, verify: Verify) -> Answer:
    """The receipt in untrusted bytes that came in on this device's topic. Raises WireError, Refused wrong_topic."""
    envelope, opened = registry.open(
        receipt.KIND, receipt.LAYOUT, data, lambda answer: answer.acted_s, network_id, verify
    )
    if envelope.signer_id != device_id:
        raise Refused("wrong_topic", device_id.hex())
    return Answer(envelope.signer_id, opened, data)


def require_new(answer: Answer, commands: CommandStore) -> None:
    """Raises Refused: replayed_receipt for one that is stored, contradicted, unknown_command."""
    found = answer.receipt
    stored = commands.receipt(answer.device_id, found.boot, found.sequence)
    if stored is not None:
        raise Refused("replayed_receipt" if stored == answer.data else "contradicted", answer.device_id.hex())
    issued = commands.issued(answer.device_id, found.command_sequence)
    if issued is None or issued.digest[:8] != found.command_digest or issued.decision_id != found.decision_id:
        raise Refused("unknown_command", f"{answer.device_id.hex()} {found.command_sequence}")
