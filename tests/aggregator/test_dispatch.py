"""Which decisions become commands, and until when."""

import pytest

from aggregator.dispatch import HOLD_S, command_of, due, expiry_of, resend_at
from tests.aggregator.area import NOW, ident, sign
from wire import command
from wire.block import Decision
from wire.command import BATTERY_POWER, RELAY
from wire.interval import interval_of, start_of

THIS = interval_of(NOW)
AREA, METER = ident("aggregator"), ident("meter-1")


def decision(
    number: int = 1, device: bytes = METER, area: bytes = AREA, interval: int = THIS, value: int = 1
) -> Decision:
    return Decision(number, 7, device, area, interval, RELAY, value, 0)


@pytest.mark.parametrize(
    ("made", "now_s", "is_due"),
    [
        (decision(), NOW + 60, True),
        (decision(), start_of(THIS + 1) + HOLD_S - 1, True),
        (decision(), start_of(THIS + 1) + HOLD_S, False),  # expired: never sent
        (decision(interval=THIS + 1), NOW, True),
        (decision(interval=THIS + 2), NOW, False),
        (decision(interval=2**32 - 1), NOW, False),
        (decision(area=ident("aggregator-2")), NOW, False),
        (decision(device=ident("meter-9")), NOW, False),
    ],
)
def test_what_is_due(made, now_s, is_due):
    assert bool(due([made], AREA, [METER], now_s)) is is_due


def test_decisions_are_sent_in_the_ledger_s_order():
    made = [decision(3), decision(1), decision(2)]
    assert [item.decision_id for item in due(made, AREA, [METER], NOW)] == [1, 2, 3]


def test_a_command_says_what_was_decided_and_where():
    order = command_of(decision(9, value=0)._replace(action=BATTERY_POWER, value=-2500), 4, 77)
    assert order == command.Command(
        METER, 4, 9, 7, 77, start_of(THIS), start_of(THIS + 1) + HOLD_S, BATTERY_POWER, -2500
    )
    assert order.expires_s == expiry_of(THIS)
    assert len(sign("aggregator", command.KIND, command.LAYOUT, order)) <= command.SIZE_MAX


@pytest.mark.parametrize(
    ("issued_s", "expires_s", "times"), [(1000, 5000, [1030, 1150]), (1000, 1100, [1030]), (1000, 1030, [])]
)
def test_a_command_is_sent_again_twice_at_most_and_never_when_expired(issued_s, expires_s, times):
    assert resend_at(issued_s, expires_s) == times
