"""
Sharing is how an M-LMD keeps the feeder's limit when its aggregator is gone, and sheds by
frequency at any time: it tells its neighbours what it draws, works out its share from what
they tell, and has its own meters keep deferrable loads off, by orders it signs itself.

An order is a Command of the M-LMD to its own meter. It can only take away: a meter takes
"off" and "do not charge" from its M-LMD and nothing else, and no longer than some minutes.
"""

import asyncio

import ed25519
import headroom as rules
import shedding
from waiting import until

from wire import command, cose, kind, message, reading
from wire import headroom as wire_headroom
from wire.errors import WireError

GONE_S = 420  # without a verified word of the aggregator: two questions for the time went unanswered
ROUND_S = 30
_ANSWERS_S = 3  # how long the neighbours' messages may take
_ORDER_S = 100  # an order outlives three rounds
_CHARGERS_STAGE, _HEATERS_STAGE = 1, 2


class Sharing:
    # send(mac, frame): async, to a neighbour. order(meter_id, frame): to a meter of ours. watch: AreaWatch.
    def __init__(self, device, watch, send, order):
        config = device.config
        self._device = device
        self._config = config
        self._watch = watch
        self._send = send
        self._order = order
        self.keys = {peer.id: peer.public_key for peer in config.peers}
        self._heard = {}  # id -> its last Headroom
        self._loads = shedding.loads_of(config.meters)
        self._shed = set()
        self._shares_w = []  # the last two
        self._last_order_s = 0
        self.hurry = asyncio.Event()  # a stage of load shedding began or ended

    def is_gone(self):
        """Whether the aggregator has not been heard for too long."""
        return self._device.silent_s() > GONE_S

    async def run(self):
        """A round every ROUND_S, for as long as there is a reason; otherwise it only looks whether there is one."""
        device = self._device
        while True:
            await until(self.hurry, self._pause_ms())
            now_s = device.clock.utc_s()
            if now_s is None:
                continue
            gone = self.is_gone()
            device.equipment.faults.report("aggregator_gone", b"", now_s, gone, device.silent_s())
            share_w = await self._share(now_s) if gone and self._config.feeder_power_w_max else None
            if not gone:
                self._shares_w = []
            await self._keep_to(share_w)
            device.equipment.told()

    # All M-LMDs begin their rounds at the same instants.
    def _pause_ms(self):
        clock = self._device.clock
        round_ms = ROUND_S * 1000
        if not clock.is_set():
            return round_ms
        busy = self.is_gone() or self._shed or self._device.equipment.breaker.protection.shedding.stage
        if not busy:
            round_ms *= 10
        return round_ms - clock.utc_ms() % round_ms

    # -- with the neighbours ----------------------------------------------------------------

    # What is over one's share falls at once, what is free is only taken when two rounds have said so.
    async def _share(self, now_s):
        power_w = await self._device.equipment.measure()
        if power_w is None:
            power_w = self._config.power_w_max
        need_w = max(0, power_w + sum([load.power_w for load in self._shed if self._was_on(load)]))
        await self._tell(now_s, power_w, need_w)
        await asyncio.sleep(_ANSWERS_S)
        claims = {self._config.device_id: rules.claim(need_w, self._config.power_w_max, 0)}
        for peer in self._config.peers:
            claims[peer.id] = self._claim_of(peer, now_s)
        share_w = rules.shares(self._config.feeder_power_w_max, claims)[self._config.device_id]
        self._shares_w = self._shares_w[-1:] + [share_w]
        return min(self._shares_w)

    def _claim_of(self, peer, now_s):
        said = self._heard.get(peer.id)
        if said is None:
            return rules.claim(0, peer.power_w_max, None)
        return rules.claim(said.need_w, max(peer.power_w_max, said.power_w_max), now_s - said.measured_s)

    async def _tell(self, now_s, power_w, need_w):
        device = self._device
        number = device.next_sequence(wire_headroom.KIND)
        fields = (device.boot, number, now_s, power_w, need_w, self._config.power_w_max)
        signed = device.identity.seal(wire_headroom.KIND, wire_headroom.LAYOUT, fields)
        for peer in self._config.peers:
            asyncio.create_task(self._send(peer.mac, signed))

    def hear(self, frame):
        """A Headroom (untrusted bytes) came over the radio."""
        try:
            envelope, said = message.open_as(
                wire_headroom.KIND,
                wire_headroom.LAYOUT,
                frame,
                self.keys.get,
                self._config.network_id,
                ed25519.verify,
                wire_headroom.SIZE_MAX,
            )
        except WireError:
            return  # a stranger, or noise
        before = self._heard.get(envelope.signer_id)
        if before is None or (said.boot, said.sequence) > (before.boot, before.sequence):
            self._heard[envelope.signer_id] = said

    # -- with the meters --------------------------------------------------------------------

    def _was_on(self, load):
        record = self._watch.records.get(load.meter_id)
        if record is None:
            return False
        return bool(record.relays & 1) if load.what == shedding.HEATER else _charges(record)

    async def _keep_to(self, share_w):
        equipment = self._device.equipment
        now_s = self._device.clock.utc_s()
        shed = set(self._by_frequency())
        if share_w is not None:
            power_w = await equipment.measure()
            if power_w is not None:
                faults, limit_w = equipment.faults, min(share_w, self._config.power_w_max)
                shed |= shedding.decide(self._loads, self._shed, self._is_on, power_w, limit_w)
                faults.report("limit_passed", b"", now_s, power_w > share_w and not self._may_still_shed(shed), power_w)
        else:
            equipment.faults.report("limit_passed", b"", now_s, False)
        self._shed = shed
        for load in sorted(shed):
            self._keep_off(load, now_s)

    def _is_on(self, load):
        return load not in self._shed and self._was_on(load)

    def _may_still_shed(self, shed):
        return bool([load for load in self._loads if load not in self._shed and load in shed])

    def _by_frequency(self):
        stage = self._device.equipment.breaker.protection.shedding.stage
        first = {shedding.CHARGER: _CHARGERS_STAGE, shedding.HEATER: _HEATERS_STAGE}
        return [load for load in self._loads if stage >= first[load.what]]

    # Numbers of orders only need to rise, over boots too: signed time does.
    def _keep_off(self, load, now_s):
        self._last_order_s = max(now_s, self._last_order_s + 1)
        action = command.RELAY if load.what == shedding.HEATER else command.BATTERY_POWER
        fields = (load.meter_id, self._last_order_s, 0, 0, 0, now_s, now_s + _ORDER_S, action, 0)
        signed = self._device.identity.seal(command.KIND, command.LAYOUT, fields)
        self._order(load.meter_id, signed)


def is_headroom(frame):
    """Whether a frame (untrusted bytes) says that it is a Headroom."""
    try:
        return cose.open_envelope(frame, wire_headroom.SIZE_MAX).kind == kind.HEADROOM
    except WireError:
        return False


def _charges(record):
    return bool(record.flags & reading.HAS_BATTERY and record.charged_wh)
