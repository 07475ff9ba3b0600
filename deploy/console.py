"""
The serial console of a board that was just flashed. In its first window the firmware
prints what it signed, once per start; only a signature of the key that was provisioned counts.
"""

import time
from collections.abc import Callable, Iterator

import serial
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from deploy.errors import FlashError
from wire import message, reading
from wire.errors import WireError

SIGNED = "signed "  # then the reading in hex
BAUD = 115200


def lines(port: str, patience_s: float, clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """What the board prints, for at most `patience_s`."""
    until = clock() + patience_s
    with serial.Serial(port, BAUD, timeout=1) as line:
        waiting = b""
        while clock() < until:
            waiting += line.read(max(1, line.in_waiting))
            *whole, waiting = waiting.split(b"\n")
            yield from (one.decode(errors="replace").rstrip("\r") for one in whole)


def first_reading(
    printed: Iterator[str], public_key: bytes, network_id: bytes, say: Callable[[str], None]
) -> reading.Reading:
    """The first reading among the lines a board prints, verified. Raises FlashError."""
    for line in printed:
        say(line)
        if line.startswith(SIGNED):
            return _verified(line.removeprefix(SIGNED), public_key, network_id)
    raise FlashError("no signed reading came: does the board reach its M-LMD or broker, which tell it the time?")


def _verified(text: str, public_key: bytes, network_id: bytes) -> reading.Reading:
    try:
        opened = message.open_as(
            reading.KIND, reading.LAYOUT, bytes.fromhex(text), lambda _id: public_key, network_id, _verify
        )
    except (ValueError, WireError) as error:
        raise FlashError(f"what the board signed does not verify with its key: {error}") from error
    return opened[1]


def _verify(public_key: bytes, content: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(content, signature)
    except BadSignatureError:
        return False
    return True
