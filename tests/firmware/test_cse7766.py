"""The CSE7766's driver against a chip that sends real frames over a bad line."""

import random
from binascii import unhexlify

from chips.cse7766 import NO_COEFFICIENTS, PERIOD_MS, UNCALIBRATED, Cse7766Chip
from drivers.cse7766 import Cse7766

FRAMES_A_MINUTE = 60_000 // PERIOD_MS


class Line:
    """A UART's receiving side: what the chip sent and nobody read yet."""

    def __init__(self):
        self._waiting = b""

    def send(self, data):
        self._waiting += data

    def read(self):
        data, self._waiting = self._waiting, b""
        return data or None


class Board:
    """A chip, a line and a driver; `spoil` is what the line does to a frame."""

    def __init__(self, chip=None, **more):
        self.chip = chip or Cse7766Chip()
        self.line = Line()
        self.driver = Cse7766(self.line, **more)
        self.now_ms = 1_073_700_000  # ticks that wrap soon

    def run(self, frames, spoil=lambda frame: frame):
        for _ in range(frames):
            self.now_ms = (self.now_ms + PERIOD_MS) & 0x3FFFFFFF
            self.chip.advance(PERIOD_MS)
            self.line.send(spoil(self.chip.frame()))
            self.driver.poll(self.now_ms)
        return self


def a_loaded_board(power_w=3_000, **more):
    board = Board(**more).run(3)
    board.chip.power_mw = power_w * 1000
    board.chip.current_ma = power_w * 1000 // 230
    return board


def test_a_frame_of_the_manual_by_hand():
    # 191200 / 831 = 230.084 V; 16140 / 3720 = 4.338 A; 5364000 / 5374 = 998.1 W
    body = unhexlify("02eae000033f003f0c000e8851d9200014fe710102")
    frame = b"\x55\x5a" + body + bytes((sum(body) & 0xFF,))
    line = Line()
    driver = Cse7766(line)
    for _ in range(3):
        line.send(frame)
    assert driver.poll(0)
    assert (driver.voltage_mv, driver.current_ma, driver.power_w) == (230_084, 4_338, 998)


def test_it_measures_what_the_chip_does():
    for voltage_mv, current_ma, power_w in ((230_000, 13_000, 2_990), (207_000, 500, 100), (253_000, 60, 5)):
        board = Board()
        board.chip.voltage_mv, board.chip.current_ma, board.chip.power_mw = voltage_mv, current_ma, power_w * 1000
        driver = board.run(3).driver
        assert abs(driver.voltage_mv - voltage_mv) <= voltage_mv // 700  # a cycle is whole microseconds
        assert abs(driver.current_ma - current_ma) <= current_ma // 100 + 1
        assert abs(driver.power_w - power_w) <= 1 + power_w // 500


def test_a_board_with_another_shunt_and_divider():
    board = a_loaded_board(voltage_permille=2000, current_permille=500).run(FRAMES_A_MINUTE)
    plain = a_loaded_board().run(FRAMES_A_MINUTE)
    assert abs(board.driver.voltage_mv - 2 * plain.driver.voltage_mv) <= 1
    assert abs(board.driver.current_ma - plain.driver.current_ma // 2) <= 1
    assert abs(board.driver.power_w - plain.driver.power_w) <= 1
    assert board.driver.energy_wh == plain.driver.energy_wh


def test_without_load_power_and_current_are_nothing_and_voltage_is_there():
    driver = Board().run(3).driver
    assert (driver.current_ma, driver.power_w, driver.energy_wh) == (0, 0, 0)
    assert abs(driver.voltage_mv - 230_000) < 400


def test_without_mains_voltage_is_nothing():
    board = a_loaded_board().run(3)
    board.chip.voltage_mv = board.chip.current_ma = board.chip.power_mw = 0
    driver = board.run(1).driver
    assert (driver.voltage_mv, driver.current_ma, driver.power_w) == (0, 0, 0)


def test_energy_is_counted_over_many_turns_of_the_pulse_counter():
    board = a_loaded_board().run(20 * FRAMES_A_MINUTE)  # 1000 Wh: 671,000 pulses, ten turns of sixteen bits
    assert board.driver.energy_wh in (999, 1000)
    assert board.driver.bad_frames == 0


def test_a_chip_that_has_counted_for_long_starts_the_driver_at_zero():
    assert Board(Cse7766Chip(cf=131_000)).run(3).driver.energy_wh == 0


def test_frames_in_pieces():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    chip, line = Cse7766Chip(), Line()
    driver = Cse7766(line)
    stream = b""
    for _ in range(200):
        chip.power_mw = 2_000_000
        chip.advance(PERIOD_MS)
        stream += chip.frame()
    now_ms = 0
    while stream:
        size = random.randrange(1, 60)
        line.send(stream[:size])
        stream = stream[size:]
        now_ms += size * 2
        driver.poll(now_ms)
    assert (driver.frames, driver.bad_frames) == (198, 0)  # the first two only made the coefficients known
    assert driver.power_w in (1999, 2000, 2001)


def test_a_driver_that_wakes_in_the_middle_of_a_frame():
    for cut in range(1, 24):
        board = Board()
        board.line.send(board.chip.frame()[cut:])
        assert board.run(4).driver.frames >= 1, cut


def test_a_bad_checksum_is_not_measured():
    board = a_loaded_board().run(10)
    power_w = board.driver.power_w
    for at in range(2, 24):
        board.chip.power_mw = 1_000_000
        board.run(1, lambda frame, at=at: frame[:at] + bytes((frame[at] ^ 0x10,)) + frame[at + 1 :])
        assert board.driver.power_w == power_w, at
    assert board.driver.bad_frames >= 22
    assert abs(board.run(2).driver.power_w - 1000) <= 2  # the next good frame is taken


def test_half_frames_cost_themselves_only():
    board = a_loaded_board().run(5)
    for cut in range(1, 24):
        before = board.driver.frames
        board.run(1, lambda frame, cut=cut: frame[:cut]).run(3)
        assert board.driver.frames == before + 3, cut


def test_silence_is_known_after_a_second_and_its_energy_is_not_lost():
    board = a_loaded_board().run(10)
    assert not board.driver.is_silent(board.now_ms)
    board.run(19, lambda frame: b"")
    assert not board.driver.is_silent(board.now_ms)
    board.run(2, lambda frame: b"")
    assert board.driver.is_silent(board.now_ms)
    board.run(580, lambda frame: b"").run(1)
    assert not board.driver.is_silent(board.now_ms)
    board.run(588)
    assert board.driver.energy_wh in (49, 50)  # 60 s of 3 kW, half of them unheard


def test_nothing_was_ever_heard():
    assert Cse7766(Line()).is_silent(0)


def test_noise_is_never_a_measurement():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    board = Board()
    for _ in range(2_000):
        board.line.send(bytes([random.choice((0x55, 0x5A, 0xAA, 0xF2, random.randrange(256))) for _ in range(24)]))
        board.driver.poll(0)
    assert board.driver.frames == 0 and board.driver.energy_wh == 0


def test_a_noisy_line_neither_loses_nor_invents_energy():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)

    def spoil(frame):
        fate = random.randrange(5)
        if fate == 0:
            at = random.randrange(24)
            return frame[:at] + bytes((random.randrange(256),)) + frame[at + 1 :]
        if fate == 1:
            return bytes([random.randrange(256) for _ in range(random.randrange(40))]) + frame
        if fate == 2:
            return frame[: random.randrange(24)]
        return frame

    board = a_loaded_board().run(10)
    for _ in range(40):
        board.run(60, spoil).run(3)
        assert abs(board.driver.power_w - 3_000) <= 8, board.driver.power_w
    # 40 * 63 frames and ten, 3 kW; what a wrong CF gave or took came back with the next good one.
    assert abs(board.driver.energy_wh - 105) <= 1, board.driver.energy_wh
    assert board.driver.bad_frames > 200


# Even a frame that passes its checksum has to fit the ones before it.
def test_a_forged_frame_with_a_good_checksum_moves_neither_power_nor_energy():
    def forged(frame, at):
        body = frame[2:at] + bytes((frame[at] ^ 0x80,)) + frame[at + 1 : 23]
        return frame[:2] + body + bytes((sum(body) & 0xFF,))

    for at, what in ((2, "voltage coefficient"), (14, "power coefficient"), (20, "carry"), (21, "CF")):
        board = a_loaded_board().run(10)
        power_w = board.driver.power_w
        board.run(1, lambda frame, at=at: forged(frame, at))
        assert (board.driver.power_w, board.driver.bad_frames) == (power_w, 1), what
        assert board.run(50).driver.energy_wh <= 3, what


def test_a_chip_that_starts_again_is_believed_after_three_frames():
    board = a_loaded_board().run(2 * FRAMES_A_MINUTE)
    assert board.driver.energy_wh in (99, 100)
    board.chip.restart()
    assert board.run(2).driver.bad_frames == 2
    board.run(FRAMES_A_MINUTE)
    assert board.driver.energy_wh in (149, 150)
    assert board.driver.bad_frames == 2


def test_a_damaged_chip_says_so_and_measures_nothing():
    for damage, health in ((UNCALIBRATED, "uncalibrated"), (NO_COEFFICIENTS, "no_coefficients")):
        board = a_loaded_board().run(3)
        before = (board.driver.power_w, board.driver.frames)
        board.chip.damage = damage
        board.chip.power_mw = 1
        board.run(30)
        assert board.driver.health == health
        assert (board.driver.power_w, board.driver.frames) == before
        assert board.driver.is_silent(board.now_ms)
        board.chip.damage = 0
        assert board.run(1).driver.health == "ok"
