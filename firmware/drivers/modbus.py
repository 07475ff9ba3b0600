"""
A Modbus RTU master on one serial bus: requests one at a time, each answered or, after
three tries, an error (Modbus over Serial Line 1.02; Application Protocol 1.1b3).
"""

import asyncio
import struct

_READ_HOLDING = 3
_READ_INPUT = 4
_WRITE_MULTIPLE = 16
_TRIES = 3
_REPLY_MS = 400  # the slowest chip answers after 100 ms, and 157 bytes take 165 ms at 9600 baud
_GAP_MS = 5  # 3.5 characters of silence end a frame
_EXCEPTION_SIZE = 5


class ModbusError(Exception):
    """A slave did not answer as asked; `name`: silent, bad_crc, wrong_reply or exception."""

    def __init__(self, name, address):
        super().__init__("%s (slave %d)" % (name, address))
        self.name = name


def crc16(data):
    """CRC-16/MODBUS of `data`."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def frame(body):
    """`body` (address, function, data) with its CRC."""
    return body + struct.pack("<H", crc16(body))


def check(reply, request):
    """The data of `reply` (bytes) after address and function. Raises ModbusError."""
    address = request[0]
    if crc16(reply[:-2]) != struct.unpack("<H", reply[-2:])[0]:
        raise ModbusError("bad_crc", address)
    if reply[0] != address or reply[1] & 0x7F != request[1]:
        raise ModbusError("wrong_reply", address)
    if reply[1] & 0x80:
        raise ModbusError("exception", address)
    return reply[2:-2]


class Modbus:
    def __init__(self, uart):
        self._uart = uart
        self._stream = asyncio.StreamReader(uart)
        self._lock = asyncio.Lock()

    async def read_input(self, address, register, count):
        """`count` input registers from `register` on, as bytes."""
        return await self._read(_READ_INPUT, address, register, count)

    async def read_holding(self, address, register, count):
        """`count` holding registers from `register` on, as bytes."""
        return await self._read(_READ_HOLDING, address, register, count)

    async def _read(self, function, address, register, count):
        data = await self._ask(struct.pack(">BBHH", address, function, register, count), 2 * count + 5)
        if data[0] != 2 * count:
            raise ModbusError("wrong_reply", address)
        return data[1:]

    async def write(self, address, register, values):
        """Write 16-bit values from holding register `register` on, in one request."""
        head = struct.pack(">BBHHB", address, _WRITE_MULTIPLE, register, len(values), 2 * len(values))
        await self._ask(head + b"".join([struct.pack(">H", value & 0xFFFF) for value in values]), 8)

    async def _ask(self, request, reply_size):
        async with self._lock:
            tries = 1
            while True:
                try:
                    return await self._once(request, reply_size)
                except ModbusError as error:
                    if error.name == "exception" or tries == _TRIES:
                        raise
                tries += 1

    async def _once(self, request, reply_size):
        await asyncio.sleep_ms(_GAP_MS)
        while self._uart.any():
            self._uart.read()  # what is left of a late reply
        self._uart.write(frame(request))
        try:
            reply = await asyncio.wait_for_ms(self._reply(reply_size), _REPLY_MS)
        except asyncio.TimeoutError:
            raise ModbusError("silent", request[0])
        return check(reply, request)

    async def _reply(self, size):
        reply = await self._stream.readexactly(_EXCEPTION_SIZE)
        if reply[1] & 0x80 or size == _EXCEPTION_SIZE:
            return reply
        return reply + await self._stream.readexactly(size - _EXCEPTION_SIZE)
