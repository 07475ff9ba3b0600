"""
The P1 port of a three-phase eSMR 5 meter: the telegram it pushes every second, as text with
its CRC16. The CRC is worked out from a table here, so that it is not the driver's own.

Source: P1 Companion Standard 5.0.2, 6.12. Imports nothing MicroPython lacks.
"""

_LINE = "\r\n"


def _entry(index: int) -> int:
    for _ in range(8):
        index = (index >> 1) ^ (0xA001 if index & 1 else 0)
    return index


_TABLE = [_entry(index) for index in range(256)]


def crc16(data: bytes) -> int:
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def sealed(text: str) -> bytes:
    """A telegram's text, "/" to "!", with its CRC and the end of its last line."""
    body = text.encode()
    return body + b"%04X\r\n" % crc16(body)


class P1Port:
    """import_wh and export_wh per tariff (1 night, 2 day), power_w import positive, and each phase's voltage."""

    def __init__(self, import_wh: tuple = (0, 0), export_wh: tuple = (0, 0)):
        self.import_wh = list(import_wh)
        self.export_wh = list(export_wh)
        self.power_w = 0
        self.voltage_mv = [230_000, 230_000, 230_000]
        self.tariff = 2
        self.message = ""
        self._rest_uwh = 0

    def advance(self, elapsed_s: int) -> None:
        """Let time pass: energy goes to the tariff in force."""
        self._rest_uwh += abs(self.power_w) * elapsed_s
        wh, self._rest_uwh = divmod(self._rest_uwh, 3600)
        (self.import_wh if self.power_w >= 0 else self.export_wh)[self.tariff - 1] += wh

    def telegram(self) -> bytes:
        """What it sends now."""
        lines = ["/ISK5\\2M550T-1012", "", "1-3:0.2.8(50)", "0-0:1.0.0(261120120000W)"]
        lines.append("0-0:96.1.1(4530303434303037333832323436303139)")
        for index, direction in enumerate((self.import_wh, self.export_wh)):
            for tariff in (1, 2):
                lines.append(f"1-0:{index + 1}.8.{tariff}({_kilo(direction[tariff - 1], 6)}*kWh)")
        lines.append(f"0-0:96.14.0(000{self.tariff})")
        lines.append(f"1-0:1.7.0({_kilo(max(self.power_w, 0), 2)}*kW)")
        lines.append(f"1-0:2.7.0({_kilo(max(-self.power_w, 0), 2)}*kW)")
        lines.append("1-0:99.97.0(1)(0-0:96.7.19)(261101080000W)(0000000240*s)")
        lines.append(f"0-0:96.13.0({self.message})")
        for phase, voltage_mv in enumerate(self.voltage_mv):
            lines.append(f"1-0:{32 + 20 * phase}.7.0({voltage_mv // 1000}.{voltage_mv // 100 % 10}*V)")
            lines.append(f"1-0:{31 + 20 * phase}.7.0({abs(self.power_w) * 1000 // 3 // voltage_mv:03d}*A)")
        lines += ["0-1:24.1.0(003)", "0-1:24.2.1(261120115500W)(00112.384*m3)", "!"]
        return sealed(_LINE.join(lines))


def _kilo(value: int, digits: int) -> str:
    """Thousandths as the standard prints them: 123456 -> 000123.456."""
    return f"{value // 1000:0{digits}d}.{value % 1000:03d}"
