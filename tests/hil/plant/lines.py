"""What a test says on a serial line, written from the protocols and not from the chips."""

import struct

from hil.plant import Plant


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS by polynomial division, bit by bit, low byte first."""
    remainder = 0xFFFF
    for bit_number in range(8 * len(data)):
        bit = data[bit_number // 8] >> (bit_number % 8) & 1
        carry = (remainder ^ bit) & 1
        remainder >>= 1
        if carry:
            remainder ^= 0xA001
    return struct.pack("<H", remainder)


def framed(*body: int) -> bytes:
    return bytes(body) + crc(bytes(body))


def read(address: int, function: int, first: int, count: int) -> bytes:
    return framed(address, function, *struct.pack(">HH", first, count))


def write(address: int, first: int, *values: int) -> bytes:
    head = struct.pack(">HHB", first, len(values), 2 * len(values))
    return framed(address, 16, *head, *struct.pack(f">{len(values)}H", *(value & 0xFFFF for value in values)))


def registers(reply: bytes) -> tuple[int, ...]:
    """The registers of a good read reply."""
    assert reply and reply[-2:] == crc(reply[:-2]), "no reply, or a bad CRC"
    assert reply[1] < 0x80, f"exception {reply[2]}"
    assert reply[2] == len(reply) - 5
    return struct.unpack(f">{reply[2] // 2}H", reply[3:-2])


def pzem(plant: Plant, name: str, address: int, now_ms: int) -> dict[str, int]:
    """One branch: dV, mA, dW, Wh as the chip shows them."""
    words = registers(plant.uart(name, 2, read(address, 4, 0, 10), now_ms)[0])
    return {
        "voltage_dv": words[0],
        "current_ma": words[1] | words[2] << 16,
        "power_dw": words[3] | words[4] << 16,
        "energy_wh": words[5] | words[6] << 16,
        "frequency_dhz": words[7],
        "factor_pct": words[8],
    }


def sdm(plant: Plant, name: str, register: int, now_ms: int) -> float:
    words = registers(plant.uart(name, 2, read(1, 4, register, 2), now_ms)[0])
    return struct.unpack(">f", struct.pack(">HH", *words))[0]


def charge(plant: Plant, name: str, percent: float, now_ms: int, hold_s: int = 0) -> None:
    """Set-point of a battery in percent of its power, as a master writes it: both rates, then the mode."""
    rate = round(percent * 100)
    storage = model(plant, name, 124, now_ms)
    assert plant.uart(name, 1, write(10, storage + 12, -rate, rate, 0, hold_s), now_ms)[0]
    assert plant.uart(name, 1, write(10, storage + 5, 3), now_ms)[0]


def model(plant: Plant, name: str, wanted: int, now_ms: int) -> int:
    """Register at which a SunSpec model begins: found by walking the chain, as the standard says to."""
    at = 40000
    assert registers(plant.uart(name, 1, read(10, 3, at, 2), now_ms)[0]) == (0x5375, 0x6E53)
    at += 2
    while True:
        number, length = registers(plant.uart(name, 1, read(10, 3, at, 2), now_ms)[0])
        assert number != 0xFFFF, f"no model {wanted}"
        if number == wanted:
            return at
        at += 2 + length
