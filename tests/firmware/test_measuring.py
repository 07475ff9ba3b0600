"""From chips' bytes to whole numbers, and from counters to totals that only grow."""

import struct

import energy
import record
from drivers import modbus, pzem004t, sdm230, sunspec_storage, tank
from register import Register

from wire import reading
from wire.schema import check

END = pzem004t.ENERGY_WH_END


def test_crc_of_the_specification():
    # Modbus over Serial Line 1.02, 6.2.2: 02 07 -> 41 12, low byte first.
    assert modbus.frame(bytes((2, 7))) == bytes((2, 7, 0x41, 0x12))


def test_replies():
    request = modbus.frame(bytes((1, 4, 0, 0, 0, 1)))[:-2]
    good = modbus.frame(bytes((1, 4, 2, 0, 7)))
    table = (
        (good, None),
        (good[:-1] + b"\0", "bad_crc"),
        (modbus.frame(bytes((2, 4, 2, 0, 7))), "wrong_reply"),
        (modbus.frame(bytes((1, 3, 2, 0, 7))), "wrong_reply"),
        (modbus.frame(bytes((1, 0x84, 2))), "exception"),
    )
    for reply, name in table:
        try:
            assert modbus.check(reply, request) == bytes((2, 0, 7))
            found = None
        except modbus.ModbusError as error:
            found = error.name
        assert found == name, reply


def test_pzem():
    # The manual's example, 2.3: 220.0 V, 1.000 A, 220.0 W, 0 Wh, 50.0 Hz; then values above 16 bits.
    data = struct.pack(">10H", 2200, 1000, 0, 2200, 0, 0, 0, 500, 100, 0)
    assert pzem004t.decode(data) == (220000, 1000, 220, 0, 50000)
    data = struct.pack(">10H", 2301, 0xFFFF, 1, 0x86A5, 1, 0x967F, 0x98, 499, 99, 0)
    assert pzem004t.decode(data) == (230100, 131071, 10001, 9999999, 49900)


def test_float32_without_floats():
    table = (
        (0.0, 1000, 0),
        (-0.0, 1000, 0),
        (1.0, 1000, 1000),
        (0.001, 1000, 1),
        (230.25, 1000, 230250),
        (49.98, 1000, 49980),
        (-1234.5, 1, -1235),
        (0.25, 2, 1),  # halves away from zero
        (12345.678, 1000, 12345678),
        (1e-40, 1000, 0),
        (16777215.0, 1000, 16777215000),
        (float(3 << 40), 1, 3 << 40),
    )
    for value, factor, expected in table:
        assert sdm230.times(struct.pack(">f", value), factor) == expected, value


def test_float32_agrees_with_floats_over_a_counters_range():
    before = 0
    for wh in range(0, 9_000_000, 7919):
        found = sdm230.times(struct.pack(">f", wh / 1000), 1000)
        assert found == wh, wh
        assert found >= before
        before = found


def test_no_number():
    for bits in (b"\x7f\x80\0\0", b"\x7f\xc0\0\0"):
        try:
            sdm230.times(bits, 1)
        except ValueError:
            continue
        raise AssertionError(bits)


def test_sunspec_scales():
    for value, scale, unit, expected in ((5000, -2, -1, 500), (5, 2, 0, 500), (49, -1, 0, 5), (100, 0, -2, 10000)):
        assert sunspec_storage.scaled(value, scale, unit) == expected


def test_tank():
    for uv, expected in ((1650000, 50000), (33000, 1000), (0, None), (3300000, None), (2145000, 65000)):
        assert tank.decode(uv) == expected


#        before   count     elapsed_s  flowed
STEPS = (
    (None, 5000, 900, 0),  # the first look: what it counted before is not ours
    (5000, 5000, 900, 0),
    (5000, 5250, 900, 250),
    (5000, 12519, 900, 7519),  # 30 kW for 900 s, and a little
    (5000, 12521, 900, 0),  # more than can flow: another chip
    (5000, 12521, 3600, 7521),  # after an outage it can
    (END - 10, 30, 900, 40),  # round its end
    (5000, 0, 900, 0),  # reset
    (5000, 40, 900, 40),  # reset, and counting since
    (5000, 4000000, 900, 0),  # another chip
)


def test_register():
    for before, count, elapsed_s, flowed in STEPS:
        register = Register(100, before)
        assert register.advance(count, elapsed_s, END) == flowed, (before, count)
        assert register.total_wh == 100 + flowed
        assert register.advance(count, 1, END) == 0


def test_battery_counter_is_split_by_direction():
    split = energy.Energy()
    for count_wh, power_w in ((100, 0), (110, 2000), (120, 2000), (125, 0), (150, -2000), (160, -1), (161, 0)):
        split.advance_battery(count_wh, 900, power_w, END)
    assert split.totals_wh() == (0, 0, 25, 36)


def test_a_battery_that_turned_after_the_last_look_and_is_off_at_the_next_counts_as_it_turned():
    split = energy.Energy()
    split.advance_battery(100, 900, 0, END)
    split.turn(-2000)
    split.advance_battery(144, 900, 0, END)
    assert split.totals_wh() == (0, 0, 0, 44)


def test_note_keeps_everything():
    kept = energy.Energy()
    kept.consumed.advance(7, 900)
    kept.consumed.advance(17, 900)
    kept.advance_battery(5, 900, -100, END)
    kept.advance_battery(9, 900, -100, END)
    kept.seen_s = 1800000000
    again = energy.from_note(kept.note())
    assert again.note() == kept.note()
    assert again.totals_wh() == (10, 0, 0, 4)
    assert again.produced.count_wh is None
    assert again.direction == energy.DISCHARGING


def test_the_later_note_wins():
    first, second = energy.Energy(), energy.Energy()
    second.consumed = Register(3, 3)
    assert energy.later(first.note(), second.note()) == second.note()
    assert energy.later(second.note(), first.note()) == second.note()
    assert energy.later(None, first.note()) == first.note()
    assert energy.later(None, None) is None


SNAPSHOT = record.Snapshot(230000, -120, 50000, 55000, 512, 1, reading.HAS_HEATER)


def test_record():
    one = record.make(900, 1800, (100, 50, 20, 10), (350, 50, 21, 14), SNAPSHOT, reading.AFTER_BOOT)
    assert one[:10] == (900, 900, 250, 0, 1, 4, 350, 50, 21, 14)
    assert one.flags == reading.HAS_HEATER | reading.AFTER_BOOT
    assert check(reading.RECORD, list(one)) == one


def test_a_record_after_a_long_outage_covers_its_last_hour():
    one = record.make(900, 900 + 7200, (0, 0, 0, 0), (900, 0, 0, 0), SNAPSHOT, 0)
    assert (one.start_s, one.duration_s, one.consumed_wh) == (4500, 3600, 900)
