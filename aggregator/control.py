"""
Control: what this aggregator has devices do. Decisions of the ledger become commands,
loads over a limit become edge commands, receipts are checked and handed to the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from chain.ed25519 import verify
from wire import acknowledgement, area_load, command, kind, load, message, receipt, strategy, topics
from wire.block import Decision
from wire.command import RELAY, Command
from wire.errors import WireError
from wire.interval import interval_of
from wire.reading import HAS_HEATER, Record
from wire.receipt import REFUSED
from wire.strategy import Strategy

from . import dispatch, edge_control
from .acknowledge import acknowledgements
from .answer import Answer, read_receipt, require_new
from .command_store import Pending
from .edge_control import Deferrable, Junction, Shed, Switch
from .equipment import Equipment, equipment_of
from .intake import Key, Taken, records_of
from .orders import take_order
from .refusal import Refused
from .site import Outgoing, Site

REPORT_S = 300  # until the cloud sets another


class Control:
    def __init__(self, site: Site, limits_w: dict[bytes, int], feeder_w_max: int, now_s: int) -> None:
        self._site = site
        self._limits_w = limits_w
        self.strategy = Strategy(0, REPORT_S, feeder_w_max)
        self.junctions: dict[bytes, tuple[tuple[int, int], Junction]] = {}
        self.equipment: dict[bytes, Equipment] = {}
        for device_id, _, _, data, carrier_id in site.store.readings.last_of_each_device():
            self.equipment[device_id] = equipment_of(Record(*records_of(data)[-1]), carrier_id)
        self.sheds = self._sheds_in_force(now_s)
        self._online: set[bytes] = set()  # M-LMDs that said so

    def _sheds_in_force(self, now_s: int) -> dict[bytes, Shed]:
        """What was shed before a restart: a command of our own, still valid, that nothing came after."""
        loads = self._site.store.area.loads()
        sheds = {}
        for device_id, (_, power_w) in loads.items():
            last = self._site.store.commands.last(device_id)
            at = self.equipment.get(device_id)
            if last is None or at is None or last.decision_id or last.value or now_s >= last.expires_s:
                continue
            sheds[device_id] = Shed(device_id, at.mlmd_id, power_w, last.issued_s, last.expires_s, False)
        return sheds

    def note_readings(self, taken: Iterable[Taken]) -> None:
        """Keeps the last state of each device's equipment. A reading older than the last one changes nothing."""
        latest = self._site.store.readings.latest
        for parcel in taken:
            for reading in parcel.accepted:
                if (reading.boot, reading.sequence) == latest[reading.device_id][0]:
                    state = equipment_of(Record(*reading.records[-1]), parcel.carrier_id)
                    self.equipment[reading.device_id] = state

    def take_strategy(self, data: bytes) -> None:
        """Raises WireError, Refused stale."""
        site = self._site
        _, wanted = message.open_as(
            strategy.KIND,
            strategy.LAYOUT,
            data,
            lambda signer: site.cloud_key if signer == site.cloud_id else None,
            site.network_id,
            verify,
            strategy.SIZE_MAX,
        )
        if wanted.issued_s <= self.strategy.issued_s:
            raise Refused("stale_strategy")
        self.strategy = wanted

    def take_load(self, data: bytes, device_id: bytes) -> None:
        """Telemetry of an M-LMD that came in on this device's topic. Raises WireError, Refused."""
        envelope, measured = self._site.registry.open(
            load.KIND, load.LAYOUT, data, lambda said: said.measured_s, self._site.network_id, verify
        )
        if envelope.signer_id not in self._site.registry.mlmds:
            raise WireError("unknown_signer")
        if envelope.signer_id != device_id:
            raise Refused("wrong_topic", device_id.hex())
        place = (measured.boot, measured.sequence)
        known = self.junctions.get(device_id)
        if known is not None and place <= known[0]:
            raise Refused("stale_load")
        junction = Junction(device_id, measured.measured_s, measured.power_w, measured.power_w_max)
        self.junctions[device_id] = (place, junction)

    def area_load(self, now_s: int) -> Outgoing:
        """The report to the cloud."""
        junctions = edge_control.fresh(self._junctions(), now_s)
        power_w = sum(junction.power_w for junction in junctions)
        shed_w = sum(shed.power_w for shed in self.sheds.values() if not shed.refused)
        report = area_load.AreaLoad(self._site.area_id, now_s, power_w, self.strategy.feeder_power_w_max, shed_w)
        self._site.series.write(
            "area_load",
            {"area": self._site.area_id.hex()},
            {"power_w": power_w, "power_w_max": self.strategy.feeder_power_w_max, "shed_w": shed_w},
            now_s,
        )
        topic = topics.of_area_load(self._site.area_id)
        return Outgoing(topic, self._site.seal_for_ledger(area_load.KIND, area_load.LAYOUT, report))

    def _junctions(self) -> list[Junction]:
        return [self.junctions[mlmd_id][1] for mlmd_id in sorted(self.junctions)]

    def deferrables(self, now_s: int) -> list[Deferrable]:
        """The water heaters under contract whose state is known."""
        loads = []
        for device_id, (contract_id, power_w) in sorted(self._site.store.area.loads().items()):
            at = self.equipment.get(device_id)
            if at is None or not at.flags & HAS_HEATER or device_id not in self._site.registry.devices:
                continue
            decided = self._site.store.commands.latest_decided(device_id, now_s)
            value = decided[1] if decided is not None and decided[0] == RELAY else None
            is_on = bool(at.relays & 1)
            loads.append(Deferrable(device_id, at.mlmd_id, contract_id, power_w, at.temperature_mc, is_on, value))
        return loads

    def control_edge(self, now_s: int) -> list[Outgoing]:
        """Sheds or restores, by what was measured."""
        self.sheds = edge_control.still_in_force(self.sheds, now_s)
        switches = edge_control.decide(
            self._junctions(),
            self.deferrables(now_s),
            self.sheds,
            self._limits_w,
            self.strategy.feeder_power_w_max,
            now_s,
        )
        if not switches:
            return []
        with self._site.store.transaction():
            return [self._switch(switch, now_s) for switch in switches]

    def _switch(self, switch: Switch, now_s: int) -> Outgoing:
        heater = switch.load
        expires_s = dispatch.expiry_of(interval_of(now_s))
        sequence = self._site.store.commands.next_sequence(heater.device_id)
        order = Command(heater.device_id, sequence, 0, heater.contract_id, 0, now_s, expires_s, RELAY, switch.value)
        if switch.value == 0:
            shed = Shed(heater.device_id, heater.mlmd_id, heater.power_w, now_s, expires_s, False)
            self.sheds[heater.device_id] = shed
        else:
            del self.sheds[heater.device_id]
        return self._issue(order, now_s)

    def take_order(self, data: bytes, device_id: bytes, now_s: int) -> Outgoing:
        """The operator's order (untrusted bytes) as our command. Raises WireError, Refused."""
        with self._site.store.transaction():
            return self._issue(take_order(data, device_id, self._site, now_s), now_s)

    def dispatch(self, decisions: Iterable[Decision], height: int, now_s: int) -> list[Outgoing]:
        """Commands for what a block decided; inside the transaction that keeps the block."""
        messages = []
        for decision in dispatch.due(decisions, self._site.area_id, self._site.registry.devices, now_s):
            if self._site.store.commands.is_dispatched(decision.decision_id):
                continue
            sequence = self._site.store.commands.next_sequence(decision.device_id)
            self.sheds.pop(decision.device_id, None)
            messages.append(self._issue(dispatch.command_of(decision, sequence, height), now_s))
        return messages

    def _issue(self, order: Command, now_s: int) -> Outgoing:
        """Stores a command and gives it out; inside a transaction."""
        data = self._site.seal(command.KIND, command.LAYOUT, order)
        self._site.store.commands.add(order, data, sha256(data).digest(), now_s)
        fields = {"action": order.action, "value": order.value, "decision_id": order.decision_id}
        self._site.series.write("command", self._tags(order.device_id), fields, now_s)
        return Outgoing(topics.of_device(self._site.area_id, order.device_id, "command"), data)

    def _tags(self, device_id: bytes) -> dict[str, str]:
        return {"device": device_id.hex(), "area": self._site.area_id.hex()}

    def _again(self, pending: Iterable[Pending]) -> list[Outgoing]:
        area_id, devices = self._site.area_id, self._site.registry.devices
        return [
            Outgoing(topics.of_device(area_id, one.device_id, "command"), one.data)
            for one in pending
            if one.device_id in devices  # not to one that was revoked meanwhile
        ]

    def resend(self, since_s: int, now_s: int) -> list[Outgoing]:
        """Commands without a receipt whose time to be sent again has come after `since_s`."""
        pending = self._site.store.commands.pending(now_s)
        return self._again(
            one
            for one in pending
            if any(since_s < at_s <= now_s for at_s in dispatch.resend_at(one.issued_s, one.expires_s))
        )

    def next_resend_s(self, since_s: int) -> int | None:
        """When the next command is due once more."""
        times = [
            at_s
            for one in self._site.store.commands.pending(since_s)
            for at_s in dispatch.resend_at(one.issued_s, one.expires_s)
            if at_s > since_s
        ]
        return min(times, default=None)

    def resend_all(self, now_s: int) -> list[Outgoing]:
        """All commands without a receipt: our connection was lost."""
        return self._again(self._site.store.commands.pending(now_s))

    def resend_through(self, mlmd_id: bytes, now_s: int) -> list[Outgoing]:
        """The commands without a receipt for an M-LMD that is back, and for the meters behind it."""
        self._online.add(mlmd_id)
        return self._again(
            one
            for one in self._site.store.commands.pending(now_s)
            if mlmd_id == one.device_id or mlmd_id == self.mlmd_of(one.device_id)
        )

    def mlmd_of(self, device_id: bytes) -> bytes | None:
        """The M-LMD that carried its last reading."""
        state = self.equipment.get(device_id)
        return None if state is None else state.mlmd_id

    def take_receipts(self, receipts: Iterable[tuple[bytes, bytes]], now_s: int) -> list[Outgoing]:
        """Receipts as (device of the topic, untrusted bytes): stored, and to be submitted to the ledger."""
        messages: list[Outgoing] = []
        heard: dict[bytes, list[Key]] = defaultdict(list)
        with self._site.store.transaction():
            for device_id, data in receipts:
                try:
                    answer = read_receipt(data, device_id, self._site.registry, self._site.network_id, verify)
                    for carrier_id in self._carriers_of(device_id):
                        heard[carrier_id].append(_place_of(answer))
                    require_new(answer, self._site.store.commands)
                except (WireError, Refused) as error:
                    self._site.refused[error.name] += 1
                    continue
                self._keep(answer, now_s)
                messages.append(Outgoing(topics.SUBMIT, data))
            self._site.write_refused()
        return messages + [said for carrier_id, keys in heard.items() for said in self._heard(carrier_id, keys, now_s)]

    def _carriers_of(self, device_id: bytes) -> set[bytes]:
        """Through whom a device is reached: before its first reading, anybody who says that he is there."""
        carrier_id = self._site.store.readings.carrier_of(device_id)
        return self._online if carrier_id == device_id and device_id not in self._online else {carrier_id}

    def _heard(self, carrier_id: bytes, keys: Iterable[Key], now_s: int) -> list[Outgoing]:
        """Acknowledgements of receipts, good or not: nobody has to tell them again."""
        topic = topics.of_device(self._site.area_id, carrier_id, "acknowledgement")
        return [
            Outgoing(topic, self._site.seal(acknowledgement.KIND, acknowledgement.LAYOUT, said))
            for said in acknowledgements(keys, now_s)
        ]

    def _keep(self, answer: Answer, now_s: int) -> None:
        found, store = answer.receipt, self._site.store
        store.commands.add_receipt(answer.device_id, found, answer.data, now_s)
        store.commands.answer(answer.device_id, found.command_sequence, answer.data)
        store.submissions.add(kind.RECEIPT, answer.data, now_s)
        state = self.equipment.get(answer.device_id)
        if state is not None:
            self.equipment[answer.device_id] = state._replace(temperature_mc=found.temperature_mc, relays=found.relays)
        shed = self.sheds.get(answer.device_id)
        if shed is not None and found.decision_id == 0 and found.outcome == REFUSED:
            self.sheds[answer.device_id] = shed._replace(refused=True, until_s=now_s + edge_control.REFUSED_S)
        fields = {"outcome": found.outcome, "reason": found.reason, "value": found.value, "power_w": found.power_w}
        self._site.series.write("receipt", self._tags(answer.device_id), fields, found.acted_s)


def _place_of(answer: Answer) -> Key:
    """What an acknowledgement calls a receipt."""
    return answer.device_id, answer.receipt.boot, receipt.ACKNOWLEDGED + answer.receipt.sequence
