"""The firmware as it is, on emulated boards: a meter with a heater, one with PV and a battery, and their M-LMD."""

from itertools import pairwise

import pytest

from wire import command, receipt
from wire.reading import AFTER_BOOT, CHIP_SILENT, TIME_UNCERTAIN

from .neighbourhood import Neighbourhood

HOUR = 3600
METERS = ("meter-01", "meter-02")
NAMES = (*METERS, "mlmd-1")
HEATER_PIN, BREAKER_PIN = 26, 27


@pytest.fixture
def town(tmp_path):
    town = Neighbourhood(tmp_path)
    yield town
    town.stop()


def lit(town):
    town.start()
    return town


def assert_seamless(town, name, until_s, billed=True):
    """Records follow one another, and their energy is what the totals say."""
    records = town.aggregator.records(name)
    assert 0 <= records[0].start_s - town.begin_s <= 1  # the first look that knew the time
    assert records[-1].start_s + records[-1].duration_s == town.begin_s + until_s
    for before, after in pairwise(records):
        assert after.start_s == before.start_s + before.duration_s
    assert records[-1].consumed_total_wh == sum(record.consumed_wh for record in records)
    assert records[-1].charged_total_wh == sum(record.charged_wh for record in records)
    assert records[-1].discharged_total_wh == sum(record.discharged_wh for record in records)
    if billed:
        assert not any(record.flags & (TIME_UNCERTAIN | CHIP_SILENT) for record in records)
    return records


def test_a_quiet_hour(town):
    lit(town).play(HOUR + 10)
    town.stop()
    aggregator = town.aggregator
    assert aggregator.bundles == [3, 3, 3, 3]
    assert set(aggregator.times_heard.values()) == {1}
    for name in NAMES:
        records = assert_seamless(town, name, HOUR)
        assert [record.flags & AFTER_BOOT for record in records] == [AFTER_BOOT, 0, 0, 0]
    assert len(aggregator.loads) == 14  # in each sample, and once more as soon as the time is known
    for name, found in town.on_flash().items():
        assert len(found["signed"]) == found["counters"]["readings_signed"] == 4, name
        assert found["counters"]["heap_peak_bytes"] < 240_000
    assert list(town.broker.retained.values()) == [b"online"]


def test_readings_are_said_again_until_they_are_acknowledged(town):
    lit(town).play(60)
    town.aggregator.is_silent = True
    town.play(3 * HOUR + 10)
    heard = town.aggregator.times_heard
    assert len(heard) == 3 * 12 and min(heard[key] for key in heard if key[2] < 12) > 2
    town.aggregator.is_silent = False
    town.play(3 * HOUR + 400)
    before = dict(heard)
    town.play(4 * HOUR + 10)
    assert {key for key in heard if heard[key] != before.get(key, 0)} == {key for key in heard if key[2] > 12}
    for name in NAMES:
        assert_seamless(town, name, 4 * HOUR)


def test_a_broker_that_is_away(town):
    lit(town).play(HOUR + 100)
    town.broker.go_down()
    assert list(town.broker.retained.values()) == [b"offline"]
    town.play(2 * HOUR + 100)
    assert len(town.aggregator.readings) == 12
    town.broker.is_up = True
    town.play(3 * HOUR + 10)
    assert list(town.broker.retained.values()) == [b"online"]
    for name in NAMES:
        assert len(assert_seamless(town, name, 3 * HOUR)) == 12


def test_a_start_without_a_broker(town):
    """Nothing is signed before the time is known, and no energy is lost by it."""
    town.broker.is_up = False
    lit(town).play(HOUR + 1000)
    assert town.aggregator.readings == {}
    town.broker.is_up = True
    town.play(3 * HOUR + 10)
    for name in NAMES:
        records = town.aggregator.records(name)
        assert HOUR + 1000 <= records[0].start_s - town.begin_s < HOUR + 1400, name
        assert all(one.start_s + one.duration_s == two.start_s for one, two in pairwise(records))


def test_the_heater_obeys_and_falls_back(town):
    lit(town).play(HOUR + 60)
    first = town.aggregator.command("meter-01", command.RELAY, 1)
    town.play(HOUR + 100)
    (answer,) = town.aggregator.receipts
    assert (answer.outcome, answer.value, answer.relays) == (receipt.OBEYED, 1, 1)
    assert answer.acted_s == town.begin_s + HOUR + 60
    assert answer.power_w > 1500  # measured after it was switched on
    town.play(2 * HOUR)
    town.aggregator.command("meter-01", command.RELAY, 0, lasts_s=600)
    town.play(2 * HOUR + 30)
    assert town.switched("meter-01", HEATER_PIN) == [(0, 0), (HOUR + 60, 1), (2 * HOUR, 0)]
    # A replay, of the last one and of the one before, moves nothing.
    town.broker.publish(next(t for link in town.broker.links for t in link.topics if t.endswith("command")), first)
    town.play(2 * HOUR + 60)
    assert len(town.switched("meter-01", HEATER_PIN)) == 3
    town.stop()
    counters = town.on_flash()["meter-01"]["counters"]
    assert (counters["commands_obeyed"], counters["relay_switches"]) == (2, 2)


def test_comfort_wins_over_a_command(town):
    lit(town).play(300)
    town.aggregator.command("meter-01", command.RELAY, 0, lasts_s=20 * HOUR)
    town.play(20 * HOUR)
    temperatures = [record.temperature_mc for record in town.aggregator.records("meter-01")]
    assert min(temperatures) > 40000
    assert max(temperatures[-20:]) < 60000  # it is heated only as far as comfort needs


def test_the_battery_obeys_and_rests(town):
    lit(town).play(900)
    town.aggregator.command("meter-02", command.BATTERY_POWER, -1000, lasts_s=1800)
    town.play(1800)
    town.aggregator.command("meter-02", command.BATTERY_POWER, 9999, lasts_s=1800)
    town.play(2 * HOUR + 10)
    records = assert_seamless(town, "meter-02", 2 * HOUR)
    discharged = [record.discharged_wh for record in records]
    charged = [record.charged_wh for record in records]
    assert [249 <= wh <= 251 for wh in discharged] == [False, True] + [False] * 6
    assert [wh > 800 for wh in charged] == [False, False, True, True] + [False] * 4
    assert [wh for wh in (*discharged, *charged) if wh > 1 and wh not in (discharged[1], *charged[2:4])] == []
    outcomes = [(one.outcome, receipt.REASONS[one.reason], one.value) for one in town.aggregator.receipts]
    assert outcomes == [(receipt.OBEYED, "none", -1000), (receipt.OBEYED, "power_limited", 3400)]


def test_what_is_not_there_is_refused(town):
    lit(town).play(300)
    town.aggregator.command("meter-01", command.BATTERY_POWER, 1000)
    town.aggregator.command("meter-01", command.BREAKER, 0)
    town.aggregator.command("meter-02", command.RELAY, 1)
    town.aggregator.command("mlmd-1", command.RELAY, 1)
    town.aggregator.command("mlmd-1", 9, 1)
    town.play(310)
    reasons = sorted(receipt.REASONS[one.reason] for one in town.aggregator.receipts)
    assert reasons == ["not_equipped"] * 4 + ["unknown_action"]
    assert {one.outcome for one in town.aggregator.receipts} == {receipt.REFUSED}


def test_the_breaker_opens_and_closes_by_itself(town):
    lit(town).play(300)
    town.aggregator.command("mlmd-1", command.BREAKER, 0, lasts_s=250)
    town.play(900)
    assert town.switched("mlmd-1", BREAKER_PIN) == [(0, 1), (300, 0), (550, 1)]


def test_a_manual_switch_locks_out(town):
    lit(town).play(HOUR)
    town.aggregator.command("meter-01", command.RELAY, 1)
    town.play(HOUR + 30)
    town.lock_out({"meter-01", "mlmd-1"})
    town.play(HOUR + 70)
    town.aggregator.command("meter-01", command.RELAY, 1)
    town.aggregator.command("mlmd-1", command.BREAKER, 1)
    town.play(HOUR + 90)
    reasons = [receipt.REASONS[one.reason] for one in town.aggregator.receipts]
    assert reasons[0] == "none" and sorted(reasons[1:]) == ["locked_out", "locked_out"]
    assert town.switched("meter-01", HEATER_PIN)[-1][1] == 0
    assert town.switched("mlmd-1", BREAKER_PIN)[-1][1] == 0
    town.lock_out(set())
    town.play(2 * HOUR)
    assert town.switched("mlmd-1", BREAKER_PIN)[-1][1] == 1


@pytest.mark.parametrize("write", [1, 3, 6])
def test_power_fails_in_the_middle_of_a_write(town, write):
    lit(town).play(1700)
    for name in NAMES:
        device = town.devices[name]
        device.power_lost = lambda device=device: town.time.at(town.time.now_ms + 1500_000, device.power_on)
        device.arm_power_cut(write)
    town.play(3 * HOUR + 10)
    town.stop()
    for name, found in town.on_flash().items():
        records = assert_seamless(town, name, 3 * HOUR)
        boots = [key[1] for key in sorted(town.aggregator.readings) if key[0] == town.network.devices[name].id]
        assert set(boots) == {1, 2}
        assert records[boots.index(2)].flags & AFTER_BOOT
        signed = {(one["boot"], one["sequence"]) for one in found["signed"]}
        assert signed == {key[1:] for key in town.aggregator.readings if key[0] == town.network.devices[name].id}


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_jumps_is_noticed_and_harms_nothing(town, jump_s):
    lit(town).play(1000)
    for device in town.devices.values():
        device.jump_clock(jump_s * 1000)
    town.play(HOUR + 10)
    town.stop()
    for name, found in town.on_flash().items():
        assert_seamless(town, name, HOUR)
        assert found["counters"]["clock_faults"] == 1


def test_a_lone_meter_publishes_by_itself(tmp_path):
    def alone(config):
        if config["name"] == "meter-02":
            del config["mlmd"]
            config["mqtt"] = {"host": "broker", "port": 1883}
        return config

    town = Neighbourhood(tmp_path, edit=alone)
    try:
        town.start()
        town.play(900)
        town.aggregator.command("meter-02", command.BATTERY_POWER, 500)
        town.play(HOUR + 10)
        assert len(assert_seamless(town, "meter-02", HOUR)) == 4
        assert [one.outcome for one in town.aggregator.receipts] == [receipt.OBEYED]
        assert len(town.broker.links) == 2
    finally:
        town.stop()


def test_a_meter_that_is_off_does_not_hold_up_the_others(town):
    lit(town).play(1000)
    town.devices["meter-02"].power_off()
    town.play(1804)
    assert town.aggregator.bundles == [3]
    town.play(1810)
    assert town.aggregator.bundles == [3, 2]


def test_receipts_are_said_again_until_they_are_acknowledged(town):
    lit(town).play(1000)
    town.aggregator.is_silent = True
    town.aggregator.command("meter-01", command.RELAY, 1)
    town.aggregator.command("mlmd-1", command.BREAKER, 1)
    town.play(1001)
    told = town.aggregator.times_told
    assert len(told) == 2
    for name in ("meter-01", "mlmd-1"):  # between the act and its acknowledgement the power fails
        town.devices[name].power_off()
        town.devices[name].power_on()
    told.clear()
    town.play(1900)
    assert min(told.values()) >= 2 and len(told) == 2
    town.aggregator.is_silent = False
    town.play(2300)
    receipts = set(told)
    told.clear()
    town.broker.go_down()
    town.broker.is_up = True
    town.play(2 * HOUR)
    assert not receipts & set(told)
    town.stop()
    counters = town.on_flash()["meter-01"]["counters"]
    assert counters["commands_replayed"] == 0


def test_a_link_that_comes_back_brings_what_waits_at_once(town):
    lit(town).play(1000)
    town.aggregator.is_silent = True
    town.aggregator.command("mlmd-1", command.BREAKER, 1)
    town.play(1400)
    town.aggregator.times_told.clear()
    town.broker.go_down()
    town.broker.is_up = True
    town.play(1410)
    assert list(town.aggregator.times_told.values()) == [1]


NOISE = (
    b"\xff\xff\xff\xff\xff\x01",
    b"\x30\x01\x00",
    b"\x32\x02\x00\x09",
    b"\x90\x03\x00\x01\x80",
    b"\x30\x05\0\2\xff\xfe!",
)


@pytest.mark.parametrize("noise", NOISE)
def test_a_broker_that_does_not_speak_mqtt_is_left_and_asked_again(town, noise):
    lit(town).play(100)
    (link,) = town.broker.links
    link.deliver(noise)
    town.play(110)
    assert len(town.broker.links) == 1 and town.broker.links[0] is not link
    town.play(910)
    assert town.aggregator.bundles == [3]


def test_long_and_strange_messages_are_passed_over(town):
    lit(town).play(100)
    (link,) = town.broker.links
    for topic in link.topics:
        for payload in (b"", b"\0", bytes(1100), b"\xd2\x84" + bytes(100)):
            town.broker.publish(topic, payload)
    town.broker.publish(topic, bytes(20000))
    link.deliver(b"\x30\x06\0\4nope")
    town.play(910)
    assert town.broker.links == [link]
    assert town.aggregator.bundles == [3]
    town.stop()
    counted = town.on_flash()
    assert counted["mlmd-1"]["counters"]["commands_forged"] == 3
    assert counted["mlmd-1"]["counters"]["acknowledgements_refused"] == 3
