"""The P1 driver against a port that pushes real telegrams over a bad line."""

import random

from chips.dsmr_p1 import P1Port, sealed
from drivers.dsmr_p1 import DsmrP1, crc16, decode


class Line:
    def __init__(self):
        self._waiting = b""

    def send(self, data):
        self._waiting += data

    def read(self):
        data, self._waiting = self._waiting, b""
        return data or None


def a_port(power_w=1_234):
    port = P1Port((4_426_123, 2_399_045), (2_444_000, 17))
    port.power_w = power_w
    return port


# What the driver makes of `data` sent at once.
def heard(data):
    line = Line()
    driver = DsmrP1(line)
    line.send(data)
    return driver.poll(0), driver


# What the driver makes of a text that has its CRC.
def values(*lines):
    telegram, _ = heard(sealed("/XXX5 X\r\n\r\n" + "\r\n".join(lines) + "\r\n!"))
    return telegram.values


def test_the_crc_is_arc():
    assert crc16(b"123456789") == 0xBB3D  # its published check value


def test_a_telegram():
    telegram, driver = heard(a_port().telegram())
    assert telegram.import_wh == 4_426_123 + 2_399_045
    assert telegram.export_wh == 2_444_000 + 17
    assert telegram.power_w == 1_234
    assert telegram.voltage_mv == (230_000, 230_000, 230_000)
    assert telegram.current_ma == (1_000, 1_000, 1_000)
    assert telegram.values["1.8.1"] == 4_426_123
    assert (driver.telegrams, driver.bad_telegrams) == (1, 0)


def test_power_is_signed_and_energy_follows_it():
    port = a_port(-4_000)
    port.advance(3_600)
    telegram, _ = heard(port.telegram())
    assert (telegram.power_w, telegram.export_wh) == (-4_000, 2_448_017)
    port.power_w = 900
    port.advance(900)
    assert heard(port.telegram())[0].import_wh == 4_426_123 + 2_399_045 + 225


def test_values_and_units():
    table = (
        ("1-0:1.8.1(000123.456*kWh)", ("1.8.1", 123_456)),
        ("1-0:1.8.0(006545766*Wh)", ("1.8.0", 6_545_766)),
        ("1-0:1.8.0*255(00052185.7825309*kWh)", ("1.8.0", 52_185_782)),  # more digits than a Wh has
        ("1-0:1.7.0(001.19*kW)", ("1.7.0", 1_190)),
        ("1-0:1.7.0(000000286*W)", ("1.7.0", 286)),
        ("1-0:32.7.0(0230.1*V)", ("32.7.0", 230_100)),
        ("1-0:31.7.0(001*A)", ("31.7.0", 1_000)),
        ("1-0:31.7.0(0.48*A)", ("31.7.0", 480)),
        ("1-0:14.7.0(50.02*Hz)", ("14.7.0", 50_020)),
        ("1-3:0.2.8(50)", None),  # no unit
        ("0-1:24.2.1(161129200000W)(00981.443*m3)", None),  # gas
        ("1-0:99.97.0(1)(0-0:96.7.19)(261101080000W)(0000000240*s)", None),
        ("1-0:1.8.1(-00123.456*kWh)", None),
        ("1-0:1.8.1(0012x.456*kWh)", None),
        ("1-0:1.8.1(.456*kWh)", None),
        ("1-0:1.8.1(000123.4e6*kWh)", None),
        ("1-0:1.8.1(0000000000123.456*kWh)", None),  # longer than any counter
        ("1-0:1.8.1(000123.456*kVArh)", None),
        ("1-0:1.8.1(000123.456*kWh", None),
        ("1-0:(000123.456*kWh)", None),
        ("1-0:1.8.a(000123.456*kWh)", None),
        ("1-0:1.8.1", None),
        ("", None),
    )
    for line, pair in table:
        assert values(line) == (dict([pair]) if pair else {}), line


def test_a_total_register_stands_for_its_tariffs():
    telegram, _ = heard(sealed("/X\r\n1-0:1.8.0(000007.000*kWh)\r\n1-0:1.8.1(000004.000*kWh)\r\n!"))
    assert telegram.import_wh == 7_000


def test_a_meter_with_one_phase_has_one_voltage():
    assert decode(b"/X\r\n1-0:32.7.0(229.9*V)\r\n!").voltage_mv == (229_900,)


def test_every_split_of_a_telegram():
    data = a_port().telegram()
    for cut in range(len(data)):
        line = Line()
        driver = DsmrP1(line)
        line.send(data[:cut])
        first = driver.poll(0)
        line.send(data[cut:])
        second = driver.poll(1)
        assert (first or second).power_w == 1_234, cut
        assert driver.bad_telegrams == 0, cut


def test_byte_by_byte():
    line = Line()
    driver = DsmrP1(line)
    complete = []
    for byte in a_port().telegram() * 2:
        line.send(bytes((byte,)))
        complete.append(driver.poll(0))
    assert len([telegram for telegram in complete if telegram]) == 2


def test_any_changed_character_is_refused():
    data = a_port().telegram()
    for at in range(len(data) - 2):
        spoiled = data[:at] + bytes((data[at] ^ 0x04,)) + data[at + 1 :]
        assert heard(spoiled)[0] is None, at


def test_a_telegram_without_crc_is_refused():
    text = b"/ISk5\\2MT382-1004\r\n\r\n1-0:1.8.1(00001.001*kWh)\r\n!\r\n"
    telegram, driver = heard(text * 3)
    assert telegram is None
    assert driver.bad_telegrams >= 2


def test_half_a_telegram_costs_itself_only():
    data = a_port().telegram()
    for cut in range(1, len(data) - 6, 7):
        telegram, driver = heard(data[:cut] + data)
        assert telegram is not None and telegram.power_w == 1_234, cut
        assert driver.telegrams == 1


def test_the_newest_of_several_counts():
    port = a_port()
    first = port.telegram()
    port.power_w = 77
    telegram, driver = heard(first + port.telegram())
    assert (telegram.power_w, driver.telegrams) == (77, 2)


def test_silence_is_known_after_thirty_seconds():
    line = Line()
    driver = DsmrP1(line)
    assert driver.is_silent(0)
    line.send(a_port().telegram())
    driver.poll(1_073_741_000)  # ticks that wrap soon
    assert not driver.is_silent((1_073_741_000 + 30_000) & 0x3FFFFFFF)
    assert driver.is_silent((1_073_741_000 + 30_001) & 0x3FFFFFFF)
    line.send(b"/ISK5")
    driver.poll(40_000)
    assert driver.is_silent(40_000)


def test_a_message_of_full_length_fits():
    port = a_port()
    port.message = "3A" * 1024
    assert heard(port.telegram())[0].power_w == 1_234


def test_what_never_ends_is_given_up_within_four_kilobytes():
    line = Line()
    driver = DsmrP1(line)
    for _ in range(100):
        line.send(b"/" + b"x" * 999)
        assert driver.poll(0) is None
        assert len(driver._buffer) <= 4096 + 1000
    line.send(a_port().telegram())
    assert driver.poll(0).power_w == 1_234


def test_noise_is_never_a_telegram_and_the_next_telegram_is_heard():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    data = a_port().telegram()
    for _ in range(30):
        noise = bytes([random.choice((0x2F, 0x21, 0x0D, random.randrange(256))) for _ in range(300)])
        line = Line()
        driver = DsmrP1(line)
        line.send(noise)
        assert driver.poll(0) is None
        line.send(data + data)  # noise may end in "/...!" and swallow four characters of the first
        telegram = driver.poll(0)
        assert telegram is not None and telegram.power_w == 1_234
