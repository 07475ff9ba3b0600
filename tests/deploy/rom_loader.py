"""
The serial boot loader of an ESP32, S3 or C3 on a pseudo-terminal: what esptool talks to when it
uploads its stub, erases the flash and writes an image. The stub itself is not run; what it would
answer is answered here, and every checksum, sequence and length is looked at.

Source: Espressif's esptool documentation, "Serial Protocol"; registers as esptool's targets name them.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator

from esptool.targets import CHIP_DEFS

FLASH_SIZE = 4 << 20
_FLASH_ID = 0x1640EF  # Winbond W25Q32: 4 MiB
_OK, _REFUSED = b"\0\0\0\0", b"\1\5\0\0"
_SYNC = b"\x07\x07\x12\x20" + 32 * b"\x55"
_MAGIC_REGISTER = 0x40001000


class LoaderError(Exception):
    """The tool broke the protocol."""


def _packed(frame: bytes) -> bytes:
    return b"\xc0" + frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def _unpacked(frame: bytes) -> bytes:
    return frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


def _checked(block: bytes, sequence: int, checksum: int) -> bytes:
    size, number, _, _ = struct.unpack_from("<IIII", block)
    data, state = block[16:], 0xEF
    for byte in data:
        state ^= byte
    if (len(data), number, checksum) != (size, sequence, state):
        raise LoaderError(f"block {number} of {size} bytes, {sequence} was expected")
    return data


class RomLoader:
    def __init__(self, chip: str):
        """chip: as esptool names it."""
        self._chip = CHIP_DEFS[chip]
        self.flash = bytearray(os.urandom(1024) * (FLASH_SIZE // 1024))  # an old firmware
        self.commands: list[str] = []
        self._is_stub = False
        self._sequence = 0
        self._writing = (0, 0)  # offset, size
        self._inflate = zlib.decompressobj()
        self._image = b""
        self._names = {number: name for name, number in self._chip.ESP_CMDS.items()}
        self._answers: dict[str, Callable[[bytes, int], tuple[int, bytes]]] = {
            "READ_REG": lambda body, _: (self._register(struct.unpack("<I", body)[0]), b""),
            "GET_SECURITY_INFO": lambda _body, _: (0, struct.pack("<IB7xII", 0, 0, self._chip.IMAGE_CHIP_ID, 0)),
            "MEM_BEGIN": self._begin_memory,
            "MEM_DATA": self._take_memory,
            "ERASE_FLASH": self._erase,
            "FLASH_DEFL_BEGIN": self._begin,
            "FLASH_DEFL_DATA": self._take,
            "FLASH_DEFL_END": self._end,
            "SPI_FLASH_MD5": self._md5,
        }

    def serve(self, line: int) -> None:
        """
        Until an image is written and checked, the last thing before the tool resets the chip (a pseudo-terminal has no
        wire for that); or until something comes over the line that is no frame.
        """
        for frame in _frames(line):
            _, operation, size, checksum = struct.unpack_from("<BBHI", frame)
            if len(frame) - 8 != size:
                raise LoaderError(f"{len(frame) - 8} bytes in a frame of {size}")
            self._answer(line, operation, frame[8:], checksum)
            if self.commands[-2:] == ["FLASH_DEFL_END", "SPI_FLASH_MD5"]:
                return

    def _answer(self, line: int, operation: int, body: bytes, checksum: int) -> None:
        name = self._names[operation]
        self.commands.append(name)
        if name == "SYNC":
            if body != _SYNC:
                raise LoaderError("no synchronisation")
            self._is_stub = False  # the tool has reset the chip
            for _ in range(8):
                os.write(line, self._reply(operation, 0x20120707, b""))
            return
        if name == "GET_SECURITY_INFO" and self._chip.USES_MAGIC_VALUE:
            os.write(line, _packed(struct.pack("<BBHI", 1, operation, 4, 0) + _REFUSED))
            return
        value, said = self._answers.get(name, lambda _body, _: (0, b""))(body, checksum)
        os.write(line, self._reply(operation, value, said))
        if name == "MEM_END":
            self._is_stub = True
            os.write(line, _packed(b"OHAI"))

    def _reply(self, operation: int, value: int, said: bytes) -> bytes:
        said += _OK[:2] if self._is_stub else _OK
        return _packed(struct.pack("<BBHI", 1, operation, len(said), value) + said)

    def _register(self, address: int) -> int:
        if address == _MAGIC_REGISTER and self._chip.USES_MAGIC_VALUE:
            return self._chip.MAGIC_VALUE
        return _FLASH_ID if address == self._chip.SPI_REG_BASE + self._chip.SPI_W0_OFFS else 0

    # -- the stub's way into memory ---------------------------------------------------------------

    def _begin_memory(self, _body: bytes, _checksum: int) -> tuple[int, bytes]:
        self._sequence = 0
        return 0, b""

    def _take_memory(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        _checked(body, self._sequence, checksum)
        self._sequence += 1
        return 0, b""

    # -- what the stub does -----------------------------------------------------------------------

    def _erase(self, _body: bytes, _checksum: int) -> tuple[int, bytes]:
        self.flash[:] = b"\xff" * FLASH_SIZE
        return 0, b""

    def _begin(self, body: bytes, _checksum: int) -> tuple[int, bytes]:
        size, _blocks, _block_size, offset = struct.unpack_from("<IIII", body)
        if not self._is_stub or offset + size > FLASH_SIZE:
            raise LoaderError(f"{size} bytes at {offset:#x}")
        self._writing, self._sequence = (offset, size), 0
        self._inflate, self._image = zlib.decompressobj(), b""
        return 0, b""

    def _take(self, body: bytes, checksum: int) -> tuple[int, bytes]:
        self._image += self._inflate.decompress(_checked(body, self._sequence, checksum))
        self._sequence += 1
        offset, size = self._writing
        if len(self._image) > size:
            raise LoaderError(f"{len(self._image)} bytes where {size} were announced")
        self.flash[offset : offset + len(self._image)] = self._image
        return 0, b""

    def _end(self, _body: bytes, _checksum: int) -> tuple[int, bytes]:
        return 0, b""

    def _md5(self, body: bytes, _checksum: int) -> tuple[int, bytes]:
        offset, size = struct.unpack_from("<II", body)
        return 0, hashlib.md5(self.flash[offset : offset + size]).digest()


def _frames(line: int) -> Iterator[bytes]:
    """The frames that come over a line, until a byte between two of them."""
    waiting = b""
    while True:
        waiting += os.read(line, 4096)
        while waiting:
            if waiting[:1] != b"\xc0":
                return
            end = waiting.find(b"\xc0", 1)
            if end < 0:
                break
            yield _unpacked(waiting[1:end])
            waiting = waiting[end + 1 :]
