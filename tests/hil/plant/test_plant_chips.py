"""The chips answer real frames: those printed in their manuals, and what a real chip would do with a bad one."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.plant.chips import modbus
from hil.plant.chips.pzem import Branch, Pzem
from hil.plant.chips.sdm230 import Junction, Sdm230
from hil.plant.chips.sunspec import State, SunSpecInverter
from hil.plant.wiring import exchange
from tests.hil.plant.lines import crc, framed, read, registers, write

SILENCE = b""
BRANCH = Branch(voltage_v=220.0, power_w=220.0, apparent_power_va=220.0, frequency_hz=50.0, energy_wh=0.0)
JUNCTION = Junction(230.2000122, -1500.0, 0.0, 50.0, import_wh=12_345.9, export_wh=678.0)


def pzem(branch: Branch | None = BRANCH, energy_wh: int = 0) -> Pzem:
    return Pzem(1, lambda: branch, energy_wh)


def inverter(state: State | None = None, asked: list | None = None) -> SunSpecInverter:
    known = state or State(voltage_v=230.0, power_w=-1200.0, frequency_hz=50.0, soc=0.4321, discharged_wh=99.0)
    orders = [] if asked is None else asked
    return SunSpecInverter(10, 3000, 5, lambda: known, lambda *order: orders.append(order))


@pytest.mark.parametrize(
    "frame",
    [
        "01 04 00 00 00 0a 70 0d",  # the request every PZEM library sends
        "01 04 00 00 00 02 71 cb",  # Eastron's examples: ask for volts,
        "01 04 04 43 66 33 34 1b 38",  # 230.2 V,
        "01 03 00 0c 00 02 04 08",  # the pulse's width,
        "01 03 04 42 c8 00 00 6f b5",  # 100 ms
    ],
)
def test_crc_is_the_manuals(frame):
    octets = bytes.fromhex(frame)
    assert modbus.seal(octets[:-2]) == octets
    assert modbus.opened(octets) == (octets[0], octets[1], octets[2:-2])


@given(st.binary(min_size=1, max_size=40))
def test_crc_is_the_polynomial(body):
    assert modbus.seal(body)[-2:] == crc(body)


def test_pzem_gives_its_manuals_example():
    reply = pzem().answer(bytes.fromhex("010400000 00a700d".replace(" ", "")))
    assert reply == framed(*bytes.fromhex("0104 14 0898 03e8 0000 0898 0000 0000 0000 01f4 0064 0000".replace(" ", "")))


def test_pzem_shows_magnitudes_and_counts_whole_wh():
    branch = Branch(231.26, -23_456.7, 23_500.0, 50.0, energy_wh=70_000.999)
    words = registers(pzem(branch, energy_wh=5).answer(read(1, 4, 0, 10)))
    power_dw, energy_wh = words[3] | words[4] << 16, words[5] | words[6] << 16
    assert (words[0], power_dw, energy_wh, words[8], words[9]) == (2313, 234_567, 70_005, 100, 0xFFFF)


def test_pzem_starts_again_after_9999_99_kwh():
    words = registers(pzem(BRANCH._replace(energy_wh=30.5), energy_wh=9_999_990).answer(read(1, 4, 5, 2)))
    assert words == (20, 0)


def test_pzem_does_not_see_less_than_0_4_w():
    assert registers(pzem(BRANCH._replace(power_w=0.34)).answer(read(1, 4, 3, 2))) == (0, 0)


def test_pzem_forgets_its_energy_when_told():
    chip = pzem(BRANCH._replace(energy_wh=500.0), energy_wh=1000)
    assert chip.answer(framed(1, 0x42)) == framed(1, 0x42)
    assert registers(chip.answer(read(1, 4, 5, 2))) == (0, 0)


def test_pzem_takes_another_address():
    chip = pzem()
    assert chip.answer(framed(1, 6, 0, 2, 0, 7)) == framed(1, 6, 0, 2, 0, 7)
    assert chip.answer(read(1, 4, 0, 10)) == SILENCE
    assert registers(chip.answer(read(7, 3, 1, 2))) == (23_000, 7)


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (read(2, 4, 0, 10), SILENCE),  # for somebody else
        (read(1, 4, 0, 10)[:-1], SILENCE),  # truncated
        (read(1, 4, 0, 10)[:-1] + b"\x00", SILENCE),  # bad CRC
        (b"", SILENCE),
        (b"\x01", SILENCE),
        (read(1, 4, 0, 11), framed(1, 0x84, 2)),  # past the last register
        (read(1, 4, 9, 0), framed(1, 0x84, 3)),  # no register
        (framed(1, 4, 0, 0), framed(1, 0x84, 3)),  # no count
        (read(1, 1, 0, 1), framed(1, 0x81, 1)),  # no coils here
        (framed(1, 6, 0, 2, 1, 0), framed(1, 0x86, 3)),  # address 256
        (framed(1, 6, 0, 9, 0, 1), framed(1, 0x86, 2)),  # no such setting
    ],
)
def test_pzem_and_bad_frames(frame, answer):
    assert pzem().answer(frame) == answer


def test_pzem_is_fed_by_the_mains():
    assert pzem(None).answer(read(1, 4, 0, 10)) == SILENCE


def test_two_slaves_answering_at_once_are_garbage():
    chips = [Pzem(1, lambda: BRANCH, 0), Pzem(2, lambda: BRANCH, 0)]
    assert exchange(chips, read(2, 4, 0, 10))[0] == framed(2, *chips[0].answer(read(1, 4, 0, 10))[1:-2])
    assert exchange(chips, read(0xF8, 4, 0, 10)) == (SILENCE, 0)


def test_a_reply_takes_the_lines_time():
    reply, delay_ms = exchange([pzem()], read(1, 4, 0, 10))
    bits = 10 * (8 + len(reply))
    assert delay_ms == Pzem.turnaround_ms + -(-bits * 1000 // 9600)


def test_sdm230_gives_its_manuals_example():
    chip = Sdm230(1, lambda: JUNCTION, 0, 0)
    assert chip.answer(bytes.fromhex("01040000000271cb")) == bytes.fromhex("01040443663334 1b38".replace(" ", ""))


def test_sdm230_counts_both_directions():
    chip = Sdm230(1, lambda: JUNCTION, import_wh=1_000_000, export_wh=2)
    words = registers(chip.answer(read(1, 4, 0x48, 4)))
    assert struct.unpack(">2f", struct.pack(">4H", *words)) == pytest.approx((1012.345, 0.680))
    assert registers(chip.answer(read(1, 4, 0x0C, 2))) == (0xC4BB, 0x8000)  # -1500 W


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (read(3, 4, 0, 2), SILENCE),
        (read(1, 4, 1, 2), framed(1, 0x84, 2)),  # in the middle of a float
        (read(1, 4, 0, 3), framed(1, 0x84, 2)),
        (read(1, 4, 0, 82), framed(1, 0x84, 2)),
        (read(1, 4, 0x400, 2), framed(1, 0x84, 2)),
        (read(1, 2, 0, 2), framed(1, 0x82, 1)),
        (read(1, 4, 2, 2), framed(1, 4, 4, 0, 0, 0, 0)),  # reserved
    ],
)
def test_sdm230_and_bad_frames(frame, answer):
    assert Sdm230(1, lambda: JUNCTION, 0, 0).answer(frame) == answer


# A limit in force for each direction, and what it comes to: W of 3000, charging positive.
@pytest.mark.parametrize(
    ("mode", "out_pct", "in_pct", "power_w"),
    [
        (0, 100, 100, 0),  # nothing in force: rest
        (3, 100, 100, 0),  # both directions open: no manager to choose
        (3, 0, 50, 1500),  # charge at up to 50 %
        (3, 50, 0, -1500),  # discharge at up to 50 %
        (3, -50, 50, 1500),  # charge at least and at most 50 %
        (3, 50, -50, -1500),
        (3, 0, 0, 0),
        (1, 100, 25, 750),  # only charging is limited: discharging was not asked for
        (2, 25, 100, -750),
    ],
)
def test_inverter_and_its_rates(mode, out_pct, in_pct, power_w):
    asked: list = []
    chip = inverter(asked=asked)
    assert chip.answer(write(10, STORAGE + 12, out_pct * 100, in_pct * 100)) == framed(10, 16, 0x9C, 0xC6, 0, 2)
    assert chip.answer(framed(10, 6, 0x9C, 0xBF, 0, mode)) == framed(10, 6, 0x9C, 0xBF, 0, mode)
    assert asked[-1] == (power_w, 0)


STORAGE = 40122


def test_inverter_tells_its_state():
    chip = inverter()
    assert registers(chip.answer(read(10, 3, 40070, 2))) == (103, 50)
    assert registers(chip.answer(read(10, 3, 40070 + 14, 2))) == (1200, 0)  # discharging is AC power delivered
    storage = registers(chip.answer(read(10, 3, STORAGE, 26)))
    assert storage[:3] == (124, 24, 3000)
    assert (storage[8], storage[22]) == (4321, 0xFFFE)  # 43.21 %
    assert registers(chip.answer(read(10, 3, STORAGE + 26, 2))) == (0xFFFF, 0)


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (read(1, 3, 40000, 2), SILENCE),
        (read(10, 4, 40000, 2), framed(10, 0x84, 1)),  # SunSpec lives in holding registers
        (read(10, 3, 39999, 2), framed(10, 0x83, 2)),
        (read(10, 3, 40149, 2), framed(10, 0x83, 2)),
        (read(10, 3, 40000, 126), framed(10, 0x83, 3)),
        (write(10, STORAGE + 2, 1), framed(10, 0x90, 2)),  # WChaMax is not for us to set
        (write(10, STORAGE + 12, 10_001), framed(10, 0x90, 3)),
        (write(10, STORAGE + 5, 4), framed(10, 0x90, 3)),
        (framed(10, 16, 0, 0, 0, 1, 3, 0, 0, 0), framed(10, 0x90, 3)),  # byte count does not fit
        (framed(10, 16, 0), framed(10, 0x90, 3)),
    ],
)
def test_inverter_and_bad_frames(frame, answer):
    asked: list = []
    assert inverter(asked=asked).answer(frame) == answer
    assert asked == []


def test_inverter_says_how_long_it_holds():
    asked: list = []
    chip = inverter(asked=asked)
    chip.answer(write(10, STORAGE + 12, -5000, 5000, 0, 2100))
    chip.answer(write(10, STORAGE + 5, 3))
    assert asked[-1] == (1500, 2100)
