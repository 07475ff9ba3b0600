"""
What goes over a participant's one control channel. Shared by the bench (CPython) and
the emulated board (MicroPython).

Bench -> participant, a batch:  u32 length, u64 now_ms, then `length` bytes of items.
Participant -> bench, items; an IDLE ends what it had to do with the last batch. A call
is an item with CALL set: the participant waits, and the answer comes as a batch of raw bytes.
An item:  u8 kind, u8 argument, u16 length, bytes.
"""

import struct

NEVER_MS = (1 << 62) - 1

_BATCH = ">IQ"
BATCH_SIZE = 12
_ITEM = ">BBH"
ITEM_SIZE = 4
_IDLE = ">QIB"
ITEM_MAX = 0xFFFF

CALL = 0x80

# participant -> bench
IDLE = 1  # u64 until_ms, u32 batches seen before the poll that found nothing ready, u8 waits to write (services)
PIN_SET = 2  # argument: pin; 1 byte
UART_OUT = 3  # argument: port; the frame
RADIO_OUT = 4  # destination's MAC, the frame
RADIO_ON = 5  # argument: channel, 0 for off
CONNECT = 6  # argument: socket; host:port
SEND = 7  # argument: socket
CLOSE = 8  # argument: socket
ERASED = 9  # u32 block of the flash
WATCH = 10  # argument: input pin whose edges are wanted
RESET = 11  # argument: cause of the boot to come; u64 ms until then
CUT = 12  # the power failed in the middle of a write
PIN_GET = CALL | 1  # argument: pin; answer: 1 byte
ADC_UV = CALL | 2  # argument: pin; answer: i32
RADIO_HEARD = CALL | 3  # MAC; answer: 1 byte, whether its radio is on

# bench -> participant
UART_IN = 33  # argument: port
PIN_EDGE = 34  # argument: pin; 1 byte
RADIO_IN = 35  # source's MAC, the frame
OPENED = 36  # argument: socket; u16 errno, 0 for success
RECEIVED = 37  # argument: socket
CLOSED = 38  # argument: socket
CLOCK_JUMP = 39  # i64 ms
CUT_POWER = 40  # u32 k: fail in the middle of the k-th flash write from now


def batch(now_ms, items):
    return struct.pack(_BATCH, len(items), now_ms) + items


def batch_head(data):
    """(length, now_ms) of a batch's first BATCH_SIZE bytes."""
    return struct.unpack(_BATCH, data)


def item(kind, argument, payload=b""):
    return struct.pack(_ITEM, kind, argument, len(payload)) + payload


def item_head(data, at):
    """(kind, argument, length) of the item that begins at `at`."""
    return struct.unpack_from(_ITEM, data, at)


def idle(until_ms, seen, waits_to_write=0):
    return item(IDLE, 0, struct.pack(_IDLE, until_ms, seen, waits_to_write))


def idle_parts(payload):
    """(until_ms, seen, waits_to_write) of an IDLE."""
    return struct.unpack(_IDLE, payload)
