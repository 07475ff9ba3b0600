"""
Every MQTT topic of a grid. `<area>` and `<device>` are ids in lower-case hex.

| topic                                        | message                    | from -> to               | retained |
|----------------------------------------------|----------------------------|--------------------------|----------|
| gridtide/v1/<area>/<device>/status           | text online / offline      | device (birth, last will)| yes      |
| gridtide/v1/<area>/<device>/reading          | Bundle (or Reading)        | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/load             | Load                       | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/receipt          | Receipt                    | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/event            | Event                      | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/rotation         | Rotation                   | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/firmware_request | wire/firmware.py: request  | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/time_request     | challenge, 8 bytes         | M-LMD -> aggregator      | no       |
| gridtide/v1/<area>/<device>/order            | Command, by the operator   | operator -> aggregator   | no       |
| gridtide/v1/<area>/<device>/acknowledgement  | Acknowledgement            | aggregator -> M-LMD      | no       |
| gridtide/v1/<area>/<device>/command          | Command, KeyNotice         | aggregator -> M-LMD      | no       |
| gridtide/v1/<area>/<device>/time             | Time                       | aggregator -> M-LMD      | no       |
| gridtide/v1/<area>/<device>/firmware         | Firmware, or pieces of it  | aggregator -> M-LMD      | no       |
| gridtide/v1/<area>/ask                       | wire/reading_ask.py        | household -> aggregator  | no       |
| gridtide/v1/<area>/proof/<asker>             | CBOR: its Answer           | aggregator -> asker      | no       |
| gridtide/v1/<area>/area_load                 | AreaLoad                   | aggregator -> cloud      | no       |
| gridtide/v1/ledger/submit                    | a signed transaction       | anyone -> full node      | no       |
| gridtide/v1/ledger/block                     | Block                      | full node -> everyone    | no       |
| gridtide/v1/ledger/fetch                     | CBOR [from_height]         | anyone -> full node       | no       |
| gridtide/v1/ledger/area/<area>               | CBOR: wire/area_block.py   | full node -> light node  | no       |
| gridtide/v1/ledger/area_fetch                | CBOR: its Fetch            | light node -> full node  | no       |
| gridtide/v1/ledger/header                    | Header                     | full node -> everyone    | yes      |
| gridtide/v1/ledger/ask                       | CBOR: wire/proof.py: Ask   | anyone -> full node      | no       |
| gridtide/v1/ledger/proof/<asker>             | CBOR: wire/proof.py: Proof | full node -> asker       | no       |
| gridtide/v1/ledger/strategy                  | Strategy                   | cloud -> aggregators     | no       |

<device> in a topic is the M-LMD that carries the message, or a lone meter; for a
command and a receipt it is the device that acts, for firmware the one that is to run it.
The functions here are those devices need, too; others stand with their messages.
"""

ROOT = "gridtide/v1"
LEDGER = ROOT + "/ledger/"
SUBMIT = LEDGER + "submit"
BLOCK = LEDGER + "block"
FETCH = LEDGER + "fetch"
HEADER = LEDGER + "header"
ASK = LEDGER + "ask"
STRATEGY = LEDGER + "strategy"

FROM_DEVICE = ("status", "reading", "load", "receipt", "time_request", "event", "rotation", "firmware_request")
TO_DEVICE = ("acknowledgement", "command", "time", "firmware")
ORDER = "order"


def _hex(identity):
    return "".join("%02x" % byte for byte in identity)


def of_device(area_id, device_id, leaf):
    """The topic of one device. area_id, device_id: 8 bytes; leaf: one of FROM_DEVICE or TO_DEVICE, or ORDER."""
    assert leaf in FROM_DEVICE or leaf in TO_DEVICE or leaf == ORDER, leaf
    return "/".join((ROOT, _hex(area_id), _hex(device_id), leaf))


def of_all_devices(area_id, leaf):
    """The subscription for one leaf of all devices of an area."""
    return "/".join((ROOT, _hex(area_id), "+", leaf))


def of_proof(asker_id):
    """Where the answer to a question for a proof goes. asker_id: 8 bytes of the asker's choice."""
    return LEDGER + "proof/" + _hex(asker_id)


def of_area_load(area_id):
    """The topic of an area's load. area_id: 8 bytes, or None for the subscription to all areas."""
    return "/".join((ROOT, "+" if area_id is None else _hex(area_id), "area_load"))


def device_of(topic):
    """(device_id, leaf) of a device's topic, or None when it is another topic."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or len(parts[3]) != 16:
        return None
    if any(digit not in "0123456789abcdef" for digit in parts[3]):
        return None
    return bytes([int(parts[3][i : i + 2], 16) for i in range(0, 16, 2)]), parts[4]
