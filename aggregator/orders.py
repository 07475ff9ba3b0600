"""
An order is what the operator has a device do: a Command under the operator's key, which this
aggregator passes on under its own, for a device believes nobody else. Now it is to change its key.
"""

from chain.ed25519 import verify
from wire import command, message
from wire.command import ROTATE_KEY, Command

from .refusal import Refused
from .site import Site


def take_order(data: bytes, device_id: bytes, site: Site, now_s: int) -> Command:
    """
    The Command for a device that an order (untrusted bytes) on its topic is for, numbered as this aggregator's next.
    An order is taken once, and only in its time. Raises WireError, Refused.
    """
    _, order = message.open_as(
        command.KIND,
        command.LAYOUT,
        data,
        lambda signer: site.operator_key if signer == site.operator_id else None,
        site.network_id,
        verify,
        command.SIZE_MAX,
    )
    if order.device_id != device_id:
        raise Refused("wrong_topic", device_id.hex())
    if device_id not in site.registry.devices:
        raise site.registry.stranger(device_id)
    if order.action != ROTATE_KEY:
        raise Refused("unknown_order", str(order.action))
    commands = site.store.commands
    if order.sequence < commands.next_sequence(site.operator_id) or not order.not_before_s <= now_s < order.expires_s:
        raise Refused("stale_order", str(order.sequence))
    commands.note_used(site.operator_id, order.sequence)
    sequence = commands.next_sequence(device_id)
    return Command(device_id, sequence, 0, 0, 0, now_s, order.expires_s, order.action, order.value)
