"""
Modbus RTU as a slave hears it: address, function, data, CRC. A frame that is too short
or fails its CRC, or is meant for somebody else, is met with silence; one that is well
formed and wrong, with an exception reply (Modbus Application Protocol 1.1b3, section 7).
"""

import struct
from typing import NamedTuple, Protocol

READ_HOLDING = 3
READ_INPUT = 4
WRITE_SINGLE = 6
WRITE_MULTIPLE = 16

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3

_REGISTERS_READ_MAX = 125
_REGISTERS_WRITE_MAX = 123


class ModbusException(Exception):
    """What a slave answers to a request it understood and cannot serve."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class Request(NamedTuple):
    address: int
    function: int
    data: bytes


class Chip(Protocol):
    """One slave on a serial line."""

    turnaround_ms: int  # from the request's last bit to the reply's first

    def answer(self, frame: bytes) -> bytes:
        """The reply frame, or nothing."""


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC = tuple(_crc_of(byte) for byte in range(256))


def crc16(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def seal(body: bytes) -> bytes:
    """Body to frame: the CRC goes low byte first."""
    return body + struct.pack("<H", crc16(body))


def opened(frame: bytes) -> Request | None:
    """Frame to request; None where a slave stays silent."""
    if len(frame) < 4 or struct.unpack("<H", frame[-2:])[0] != crc16(frame[:-2]):
        return None
    return Request(frame[0], frame[1], frame[2:-2])


def reply(request: Request, data: bytes) -> bytes:
    return seal(bytes((request.address, request.function)) + data)


def exception(request: Request, code: int) -> bytes:
    return seal(bytes((request.address, request.function | 0x80, code)))


def span(data: bytes) -> tuple[int, int]:
    """First register and count of a read request."""
    if len(data) != 4:
        raise ModbusException(ILLEGAL_VALUE)
    first, count = struct.unpack(">HH", data)
    if not 1 <= count <= _REGISTERS_READ_MAX:
        raise ModbusException(ILLEGAL_VALUE)
    return first, count


def written(request: Request) -> dict[int, int]:
    """Register -> value of a write request, function 6 or 16."""
    if request.function == WRITE_SINGLE:
        if len(request.data) != 4:
            raise ModbusException(ILLEGAL_VALUE)
        register, value = struct.unpack(">HH", request.data)
        return {register: value}
    if len(request.data) < 5:
        raise ModbusException(ILLEGAL_VALUE)
    first, count, size = struct.unpack(">HHB", request.data[:5])
    if not 1 <= count <= _REGISTERS_WRITE_MAX or size != 2 * count or len(request.data) != 5 + size:
        raise ModbusException(ILLEGAL_VALUE)
    return dict(enumerate(struct.unpack(f">{count}H", request.data[5:]), first))


def words(values: list[int]) -> bytes:
    """Byte count and registers: the data of a read reply."""
    return bytes((2 * len(values),)) + struct.pack(f">{len(values)}H", *values)


def serve(address: int, frame: bytes, functions: dict) -> bytes:
    """One slave's whole part: `functions` maps a function code to request -> reply data."""
    request = opened(frame)
    if request is None or request.address != address:
        return b""
    try:
        function = functions.get(request.function)
        if function is None:
            raise ModbusException(ILLEGAL_FUNCTION)
        return reply(request, function(request))
    except ModbusException as error:
        return exception(request, error.code)
