"""
Dispatch: what the ledger decided for this area becomes commands to devices. Pure; the
service stores a command before it is sent, so its sequence is never used twice.

A decision is in force for its interval and a little longer, so that a device holds its
state until the next one comes; after that nobody sends it, however late it was learned.
"""

from collections.abc import Iterable

from wire.block import Decision
from wire.command import Command
from wire.interval import start_of

HOLD_S = 300
RESEND_S = (30, 150)  # after the first sending, while no receipt has come: the same bytes


def expiry_of(interval: int) -> int:
    """UTC seconds at which commands for a market interval expire."""
    return start_of(interval + 1) + HOLD_S


def is_in_force(interval: int, now_s: int) -> bool:
    """Whether decisions for `interval` may be sent: not expired, and at most one interval ahead."""
    return start_of(interval - 1) <= now_s < expiry_of(interval)


def due(decisions: Iterable[Decision], area_id: bytes, devices: Iterable[bytes], now_s: int) -> list[Decision]:
    """The decisions to send: of this area, for devices we know, still in force. In the ledger's order."""
    ours = set(devices)
    return [
        decision
        for decision in sorted(decisions)
        if decision.area_id == area_id and decision.device_id in ours and is_in_force(decision.interval, now_s)
    ]


def command_of(decision: Decision, sequence: int, height: int) -> Command:
    """The command that carries out a decision. sequence: the device's next; height: of the block that decided."""
    return Command(
        decision.device_id,
        sequence,
        decision.decision_id,
        decision.contract_id,
        height,
        start_of(decision.interval),
        expiry_of(decision.interval),
        decision.action,
        decision.value,
    )


def resend_at(issued_s: int, expires_s: int) -> list[int]:
    """When a command without a receipt is sent again."""
    return [issued_s + after_s for after_s in RESEND_S if issued_s + after_s < expires_s]
