"""One order for a block, whatever order its transactions came in."""

from random import Random

from chain.order import order
from tests.chain.world import START, World, window
from wire import kind, ledger_time


def test_order_of_kinds_signers_and_numbers():
    world = World().people()
    nonce = world.next_nonce("operator")
    advance = [
        world.sign("cloud", kind.ADVANCE, ledger_time.ADVANCE_LAYOUT, (number, START + number)) for number in (1, 2, 10)
    ]
    receipts = [world.receipt(device, number) for device in ("m1", "m2") for number in (1, 2)]
    receipts.sort(key=lambda one: (one[9:17], one))
    light = world.light_block("area", window(START), {"m1": {}})
    expected = [
        world.registration("someone", "user"),
        world.contract("user-m1", 1, 1, "m1", (1,)),
        light,
        *sorted(receipts, key=lambda one: order([one])[0]),
        *advance,
        world.settlement(START),
        world.price(),
        b"garbage",
    ]
    assert world.next_nonce("operator") == nonce
    kinds = [one for one in order(expected) if one not in receipts]
    assert kinds == [one for one in expected if one not in receipts]
    for seed in range(5):
        shuffled = expected * 2
        Random(seed).shuffle(shuffled)
        assert order(shuffled) == order(expected), f"seed {seed}"


def test_receipts_of_one_device_go_by_command_sequence():
    world = World().people()
    receipts = [world.receipt("m1", number) for number in (1, 2, 300)]
    assert order(reversed(receipts)) == receipts
