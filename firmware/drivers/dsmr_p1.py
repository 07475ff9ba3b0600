"""
The customer port P1 of a DSMR or eSMR meter: every second or ten it pushes a telegram of
text lines from "/" to "!", then a CRC16 over both and all between. A telegram without a CRC
(DSMR 2 and 3) is refused: nothing else tells it from noise.

Lines are OBIS references with values, 1-0:1.8.1(000123.456*kWh); electricity in known units
is kept, in whole Wh, W, mV, mA and mHz. Source: P1 Companion Standard 5.0.2, 6.2 to 6.12.
"""

from collections import namedtuple

BAUD = 115_200  # 8N1, inverted

# Sums over tariffs and, for power, import positive; a tuple has one entry per phase the meter has.
Telegram = namedtuple("Telegram", ("import_wh", "export_wh", "power_w", "voltage_mv", "current_ma", "values"))

# A telegram without its message has 1.3 kB, a message has at most 1024 characters in hex digits.
_SIZE_MAX = 4096
_CRC_SIZE = 4
_DIGITS_MAX = 12
_SCALES = {b"kWh": 3, b"Wh": 0, b"kW": 3, b"W": 0, b"V": 3, b"A": 3, b"Hz": 3}
_SILENCE_MS = 30_000
_TICKS_MASK = 0x3FFFFFFF  # time.ticks_ms wraps


# CRC-16/ARC by half bytes: x16 + x15 + x2 + 1, least significant bit first.
def _entry(index):
    for _ in range(4):
        index = index >> 1 ^ (0xA001 if index & 1 else 0)
    return index


_TABLE = tuple([_entry(index) for index in range(16)])


def crc16(data):
    """CRC-16/ARC of `data`."""
    crc = 0
    for byte in data:
        crc ^= byte
        crc = crc >> 4 ^ _TABLE[crc & 15]
        crc = crc >> 4 ^ _TABLE[crc & 15]
    return crc


# b"000123.456", 3 -> 123456; None for anything that is not a plain decimal number.
def _scaled(text, digits):
    whole, _, fraction = text.partition(b".")
    if not whole.isdigit() or len(whole) > _DIGITS_MAX or not (fraction + b"0").isdigit():
        return None
    return int(whole) * 10**digits + int((fraction + b"000")[:digits] or b"0")


# b"1-0:1.8.1(000123.456*kWh)" -> ("1.8.1", 123456); None for every other line.
def _line(line):
    reference, _, rest = line.partition(b"(")
    if not reference.startswith(b"1-") or not rest.endswith(b")"):
        return None
    number, _, unit = rest[:-1].partition(b"*")
    value = _scaled(number, _SCALES[unit]) if unit in _SCALES else None
    code = reference.partition(b":")[2].partition(b"*")[0]
    if value is None or not code.replace(b".", b"").isdigit():
        return None
    return code.decode(), value


def _sum(values, total, parts):
    if total in values:
        return values[total]
    return sum([values.get(part, 0) for part in parts])


def _phases(values, codes):
    return tuple([values[code] for code in codes if code in values])


def decode(text):
    """The Telegram in `text`, "/" to "!", its CRC verified already. `values` has every OBIS code C.D.E."""
    pairs = [_line(line.strip()) for line in text.split(b"\n")]
    values = dict([pair for pair in pairs if pair])
    return Telegram(
        _sum(values, "1.8.0", ("1.8.1", "1.8.2", "1.8.3", "1.8.4")),
        _sum(values, "2.8.0", ("2.8.1", "2.8.2", "2.8.3", "2.8.4")),
        values.get("1.7.0", 0) - values.get("2.7.0", 0),
        _phases(values, ("32.7.0", "52.7.0", "72.7.0")),
        _phases(values, ("31.7.0", "51.7.0", "71.7.0")),
        values,
    )


class DsmrP1:
    """telegrams, bad_telegrams: for the counters. poll() often: the line's own buffer is short."""

    def __init__(self, uart):
        self.telegrams = self.bad_telegrams = 0
        self._uart = uart
        self._buffer = b""
        self._heard_ms = None

    def poll(self, now_ms):
        """Take what has arrived. Returns the newest Telegram that became complete and has its CRC, or None."""
        self._buffer += self._uart.read() or b""
        newest = None
        while self._begin():
            size = self._buffer.find(b"!") + 1 + _CRC_SIZE
            if size == _CRC_SIZE or len(self._buffer) < size:
                if len(self._buffer) <= _SIZE_MAX:
                    break
                self._give_up()
            elif b"%04X" % crc16(self._buffer[: size - _CRC_SIZE]) == self._buffer[size - _CRC_SIZE : size]:
                newest = decode(self._buffer[: size - _CRC_SIZE])
                self.telegrams += 1
                self._heard_ms = now_ms
                self._buffer = self._buffer[size:]
            else:
                self._give_up()
        return newest

    def is_silent(self, now_ms):
        """Whether no telegram came for thirty seconds: at 10 s each, three are missing."""
        return self._heard_ms is None or (now_ms - self._heard_ms) & _TICKS_MASK > _SILENCE_MS

    # Nothing is kept before a "/".
    def _begin(self):
        start = self._buffer.find(b"/")
        self._buffer = self._buffer[start:] if start >= 0 else b""
        return start >= 0

    # Only this "/" was no beginning: behind a telegram cut short a good one may follow.
    def _give_up(self):
        self.bad_telegrams += 1
        self._buffer = self._buffer[1:]
