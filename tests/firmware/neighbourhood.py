"""
A neighbourhood for tests: the firmware as it is on emulated boards, the bench's plant
behind the pins, and in place of broker and aggregator one that is led by hand.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from hil import images, mqtt_packets, provision
from hil import plant as plants
from hil.device import Board, Device, Radio
from hil.grant import Coordinator
from hil.identity import verify
from hil.scenario import SCENARIOS
from wire import acknowledgement, bundle, command, event, kind, load, message, reading, receipt, signed_time, topics

DAY = SCENARIOS["sunny_day"]
START_S = DAY.start_s
CONNACK, PINGRESP = b"\x20\x02\0\0", b"\xd0\0"


class Link:
    """One client's connection, as the firmware's sockets see it."""

    def __init__(self, broker: "Broker", deliver: Callable[[bytes], None], lost: Callable[[], None]):
        self.deliver, self.lost = deliver, lost
        self.topics: set[str] = set()
        self.will: mqtt_packets.Publish | None = None
        self._broker = broker
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        self._buffer += data
        for packet in mqtt_packets.split(self._buffer):
            self._take(packet)

    def _take(self, packet: mqtt_packets.Packet) -> None:
        if packet.kind == mqtt_packets.CONNECT:
            self.will = mqtt_packets.read_will(packet)
            self.deliver(CONNACK)
        elif packet.kind == mqtt_packets.SUBSCRIBE:
            wanted = _topics(packet.body[2:])
            self.topics |= set(wanted)
            self.deliver(bytes((0x90, 2 + len(wanted))) + packet.body[:2] + b"\1" * len(wanted))
        elif packet.kind == mqtt_packets.PINGREQ:
            self.deliver(PINGRESP)
        elif packet.kind == mqtt_packets.PUBLISH:
            said = mqtt_packets.read_publish(packet)
            self.deliver(b"\x40\x02" + said.identifier.to_bytes(2, "big"))
            self._broker.published(said)

    def close(self) -> None:
        self._broker.links.remove(self)


def _topics(body: bytes) -> list[str]:
    found = []
    while body:
        size = int.from_bytes(body[:2], "big")
        found.append(body[2 : 2 + size].decode())
        body = body[3 + size :]
    return found


class Broker:
    """Takes the place of the bench's tap and of the broker behind it."""

    def __init__(self) -> None:
        self.is_up = True
        self.links: list[Link] = []
        self.retained: dict[str, bytes] = {}
        self.on_publish: Callable[[str, bytes], None] = lambda topic, payload: None

    def connect(self, client: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> Link | None:
        if not self.is_up:
            return None
        self.links.append(Link(self, deliver, lost))
        return self.links[-1]

    def published(self, said: mqtt_packets.Publish) -> None:
        if said.retain:
            self.retained[said.topic] = said.payload
        self.on_publish(said.topic, said.payload)

    def publish(self, topic: str, payload: bytes) -> None:
        for link in self.links:
            if topic in link.topics:
                link.deliver(mqtt_packets.write_publish(topic, payload, 1))

    def go_down(self) -> None:
        self.is_up = False
        for link in list(self.links):
            if link.will:
                self.retained[link.will.topic] = link.will.payload
            link.lost()


@dataclass
class Aggregator:
    """What it heard, verified; it acknowledges and tells the time unless it is told to be silent."""

    network: provision.Network
    broker: Broker
    now_s: Callable[[], int]
    is_silent: bool = False
    bundles: list[int] = field(default_factory=list)  # readings in each
    readings: dict[tuple[bytes, int, int], reading.Reading] = field(default_factory=dict)
    times_heard: Counter = field(default_factory=Counter)
    carriers: dict[bytes, bytes] = field(default_factory=dict)
    receipts: list[receipt.Receipt] = field(default_factory=list)
    loads: list[load.Load] = field(default_factory=list)
    times_told: Counter = field(default_factory=Counter)  # of receipts and events, by their bytes
    events: list[event.Event] = field(default_factory=list)
    sequence: int = 0

    def take(self, topic: str, payload: bytes) -> None:
        found = topics.device_of(topic)
        assert found, topic
        device_id, leaf = found
        if leaf == "time_request":
            if not self.is_silent:
                told = (self.now_s(), payload)
                self._publish(device_id, "time", kind.TIME, signed_time.LAYOUT, told)
        elif leaf == "reading":
            self._take_bundle(device_id, payload)
        elif leaf == "receipt":
            self._take_receipt(device_id, payload)
        elif leaf == "event":
            self._take_event(device_id, payload)
        elif leaf == "load":
            self.loads.append(self._open(kind.LOAD, load.LAYOUT, payload)[1])

    def _take_receipt(self, device_id: bytes, payload: bytes) -> None:
        said = self._open(kind.RECEIPT, receipt.LAYOUT, payload)[1]
        self.times_told[payload] += 1
        if self.times_told[payload] == 1:
            self.receipts.append(said)
        self._acknowledge_told(device_id, said, receipt)

    def _take_event(self, device_id: bytes, payload: bytes) -> None:
        said = self._open(kind.EVENT, event.LAYOUT, payload)[1]
        self.times_told[payload] += 1
        if self.times_told[payload] == 1:
            self.events.append(said)
        self._acknowledge_told(device_id, said, event)

    def _acknowledge_told(self, device_id: bytes, said: receipt.Receipt | event.Event, what: ModuleType) -> None:
        if not self.is_silent:
            place = what.ACKNOWLEDGED + said.sequence
            entries = (self.now_s(), [(device_id, said.boot, place, place)])
            carrier_id = self.carriers.get(device_id, device_id)
            self._publish(carrier_id, "acknowledgement", kind.ACKNOWLEDGEMENT, acknowledgement.LAYOUT, entries)

    def told(self) -> list[tuple[str, bool]]:
        """[(code, whether it has ended)] in the order of the events."""
        return [(event.CODES[said.code], bool(said.end_s)) for said in self.events]

    def _take_bundle(self, mlmd_id: bytes, payload: bytes) -> None:
        parcel = self._open(kind.BUNDLE, bundle.LAYOUT, payload)[1]
        self.bundles.append(len(parcel.readings))
        entries = []
        for signed in parcel.readings:
            envelope, one = self._open(kind.READING, reading.LAYOUT, signed)
            assert len(signed) <= reading.FRAME_MAX
            key = (envelope.signer_id, one.boot, one.sequence)
            self.times_heard[key] += 1
            self.readings[key] = one
            self.carriers[envelope.signer_id] = mlmd_id
            entries.append((envelope.signer_id, one.boot, one.sequence, one.sequence))
        if not self.is_silent:
            for at in range(0, len(entries), 6):
                said = (self.now_s(), entries[at : at + 6])
                self._publish(mlmd_id, "acknowledgement", kind.ACKNOWLEDGEMENT, acknowledgement.LAYOUT, said)

    def _open(self, kind_number, layout, data):
        keys = {device.id: device.public_key for device in self.network.devices.values()}
        return message.open_as(kind_number, layout, data, keys.get, self.network.network_id, verify)

    def _publish(self, device_id, leaf, kind_number, layout, fields) -> bytes:
        own = self.network.aggregator
        data = message.seal(kind_number, layout, fields, own.id, self.network.network_id, own.sign)
        self.broker.publish(topics.of_device(own.id, device_id, leaf), data)
        return data

    def command(self, name: str, action: int, value: int, lasts_s: int = 2100) -> bytes:
        """Sends a command that begins now; returns its bytes."""
        self.sequence += 1
        now_s = self.now_s()
        device_id = self.network.devices[name].id
        fields = (device_id, self.sequence, self.sequence, 1, 1, now_s, now_s + lasts_s, action, value)
        return self._publish(device_id, "command", kind.COMMAND, command.LAYOUT, fields)

    def records(self, name: str) -> list:
        """The records of one device, in the order of boots and sequences."""
        device_id = self.network.devices[name].id
        keys = sorted(key for key in self.readings if key[0] == device_id)
        return [self.readings[key].records[0] for key in keys]


class Neighbourhood:
    """meter-01 has a heater, meter-02 PV and a battery; mlmd-1 has both behind it."""

    def __init__(
        self,
        folder: Path,
        at_s: int = 0,
        edit: Callable[[dict], dict] = lambda config: config,
        meters: int = 2,
        mlmds: int = 1,
        speed: float = 0.0,
        files: Callable[[str], dict[str, bytes]] = lambda name: {},
    ):
        """Begins at_s after midnight of a sunny day. edit: changes each device's config; files: adds to its flash."""
        self.begin_s = START_S + at_s
        self.plant = plants.build(DAY, 1, meters, mlmds, self.begin_s, 86400)
        self.network = provision.found(1, self.plant.sites, self.plant.feeder_power_w_max)
        self.time = Coordinator(self.begin_s * 1000, speed)
        self.radio, self.broker = Radio(), Broker()
        self.aggregator = Aggregator(self.network, self.broker, lambda: self.time.now_ms // 1000)
        self.broker.on_publish = self.aggregator.take
        self.locked_out: set[str] = set()
        self.levels: dict[tuple[str, int], int] = {}  # of inputs that a test drives
        self.pins: list[tuple[str, int, int, int]] = []  # name, pin, level, seconds since the beginning
        self.devices = self._make(folder, edit, files)
        self.time.at(self.plant.next_event_ms, self._advance)

    def _make(
        self, folder: Path, edit: Callable[[dict], dict], more: Callable[[str], dict[str, bytes]]
    ) -> dict[str, Device]:
        tree = images.device_tree(folder)
        self.images = {site.name: folder / f"{site.name}.img" for site in self.network.sites}
        files = {}
        for site in self.network.sites:
            config = provision.json.dumps(edit(provision.device_config(self.network, site))).encode()
            own = {"config.json": config, "key.bin": self.network.devices[site.name].seed}
            files[self.images[site.name]] = own | more(site.name)
        images.make(files, folder)
        devices = {}
        for site in self.network.sites:
            mac = self.network.devices[site.name].mac
            board = Board(site.name, mac, self.images[site.name], folder / f"{site.name}.log", paths=(tree,))
            devices[site.name] = Device(board, self.time, self, self.radio, self.broker)  # type: ignore[arg-type]
        return devices

    # -- the plant, with a hand at the manual switch and an eye on the outputs ------------------

    def uart(self, name: str, port: int, frame: bytes, now_ms: int) -> tuple[bytes, int]:
        return self.plant.uart(name, port, frame, now_ms)

    def adc_uv(self, name: str, pin: int, now_ms: int) -> int:
        return self.plant.adc_uv(name, pin, now_ms)

    def pin(self, name: str, pin: int) -> int:
        if (name, pin) in self.levels:
            return self.levels[name, pin]
        return 0 if pin == 0 and name in self.locked_out else self.plant.pin(name, pin)

    def drive(self, name: str, pin: int, level: int) -> None:
        """An input of a board moves."""
        self.levels[name, pin] = level
        self.devices[name].notice_edges()

    def set_pin(self, name: str, pin: int, value: int, now_ms: int) -> None:
        self.pins.append((name, pin, value, now_ms // 1000 - self.begin_s))
        self.plant.set_pin(name, pin, value, now_ms)

    def lock_out(self, names: set[str]) -> None:
        """Turn the manual switch of these, and of nobody else."""
        self.locked_out = names
        for device in self.devices.values():
            device.notice_edges()

    def _advance(self) -> None:
        self.plant.advance(self.time.now_ms)
        self.time.at(self.plant.next_event_ms, self._advance)

    # -- time -----------------------------------------------------------------------------------

    def start(self) -> None:
        for device in self.devices.values():
            self.time.members.append(device)
            device.power_on()

    def play(self, until_s: int) -> None:
        """Until this many seconds since the beginning."""
        self.time.run_until((self.begin_s + until_s) * 1000)

    def stop(self) -> None:
        for device in self.devices.values():
            device.power_off()

    def on_flash(self) -> dict[str, dict]:
        """After `stop`: what each device signed and counted."""
        return images.read(self.images)

    def switched(self, name: str, pin: int) -> list[tuple[int, int]]:
        """[(seconds since the beginning, level)] of an output."""
        return [(at_s, level) for who, number, level, at_s in self.pins if (who, number) == (name, pin)]
