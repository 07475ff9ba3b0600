"""
Which commands a device obeys, told with real signatures and a memory on a real file
system: forged, foreign, replayed (after a reboot, too), expired, too early, and good.
"""

import os
from hashlib import sha256

import ed25519
import energy
from executor import Executor
from identity import Identity
from nonvolatile import Nonvolatile
from record import Snapshot

from wire import command, kind, message, receipt

NOW = 1800000000
NETWORK, AREA, DEVICE, OTHER = b"network1", b"area-id1", b"device-1", b"device-2"
AGGREGATOR = ed25519.Signer(bytes([1]) * 32)
STRANGER = ed25519.Signer(bytes([2]) * 32)
OWN = ed25519.Signer(bytes([3]) * 32)


class Config:
    device_id, area_id, network_id = DEVICE, AREA, NETWORK
    aggregator_public_key = AGGREGATOR.public_key
    mlmd = None


class Equipment:
    def __init__(self):
        self.energy = energy.Energy()
        self.done = []

    async def prepare(self, order):
        self.done.append(("prepare", order.sequence))

    async def obey(self, order, now_s):
        self.done.append(("obey", order.value))
        return (receipt.OBEYED, "none", order.value) if order.value else (receipt.REFUSED, "comfort_low", 1)

    def snapshot(self):
        return Snapshot(230000, 1500, 50000, 55000, 0, 1, 0)


class Memory:
    """As Nonvolatile, and tells the equipment's story when it was written."""

    boot = 4

    def __init__(self, equipment):
        self.command_sequence = 0
        self._equipment = equipment

    def take_command(self, sequence, note):
        self._equipment.done.append(("remember", sequence))
        self.command_sequence = sequence


class World:
    def __init__(self, memory=None):
        self.now_s = NOW
        self.counts = {}
        self.equipment = Equipment()
        self.memory = memory or Memory(self.equipment)
        self.sequence = 0
        identity = Identity(Config, OWN)
        self.identity = identity
        self.told = []  # (note, signed)
        self.telling = self
        self.woken = 0
        self.executor = Executor(identity, self.equipment, self.memory, self, self, self)

    def utc_s(self):
        return self.now_s

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def tell(self, kind, layout, _acknowledged, fields, note):
        self.sequence += 1
        head = (self.memory.boot, self.sequence)
        signed = self.identity.seal(kind, layout, head + fields)
        self.told.append((note, signed))

    def has_told(self, note):
        return note in [one for one, _ in self.told]

    def wake(self):
        self.woken += 1

    def send(self, data):
        """The Receipt that is told now, its signature verified, or None."""
        before = len(self.told)
        run(self.executor.execute(data))
        if len(self.told) == before:
            return None
        signed = self.told[-1][1]
        args = (receipt.KIND, receipt.LAYOUT, signed, {DEVICE: OWN.public_key}.get, NETWORK, ed25519.verify)
        return message.open_as(*args)[1]


# The equipment's fakes never wait, so a coroutine is done after one step.
def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def order(sequence=1, value=1, device=DEVICE, starts=NOW, ends=NOW + 2100, signer=AGGREGATOR, by=AREA, network=NETWORK):
    fields = (device, sequence, 77, 5, 12, starts, ends, command.RELAY, value)
    return message.seal(kind.COMMAND, command.LAYOUT, fields, by, network, signer.sign)


def changed(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def test_a_good_command_is_remembered_then_obeyed_then_answered():
    world = World()
    answer = world.send(order())
    assert (answer.outcome, answer.reason, answer.value, answer.command_sequence) == (receipt.OBEYED, 0, 1, 1)
    assert (answer.boot, answer.sequence, answer.decision_id, answer.acted_s) == (4, 1, 77, NOW)
    assert (answer.power_w, answer.temperature_mc, answer.relays) == (1500, 55000, 1)
    assert world.memory.command_sequence == 1
    assert world.equipment.done == [("prepare", 1), ("remember", 1), ("obey", 1)]
    assert world.counts == {"commands_obeyed": 1}


def test_a_refusal_of_the_equipment_is_answered():
    world = World()
    answer = world.send(order(value=0))
    assert (answer.outcome, receipt.REASONS[answer.reason], answer.value) == (receipt.REFUSED, "comfort_low", 1)
    assert world.counts == {"commands_refused": 1}


def test_forged_and_foreign_are_not_answered_and_not_remembered():
    good = order()
    fields = (DEVICE, 1, 7, 5, 1, NOW, NOW, 1, 1)
    as_time = message.seal(kind.TIME, command.LAYOUT, fields, AREA, NETWORK, AGGREGATOR.sign)
    table = (
        ("a stranger signed it", order(signer=STRANGER), "commands_forged"),
        ("a stranger signed it under its own name", order(signer=STRANGER, by=OTHER), "commands_forged"),
        ("signed for another network", order(network=b"network2"), "commands_forged"),
        ("another kind of message", as_time, "commands_forged"),
        ("the signature was changed", changed(good, len(good) - 1), "commands_forged"),
        ("the payload was changed", changed(good, len(good) - 80), "commands_forged"),
        ("cut short", good[:-1], "commands_forged"),
        ("nothing at all", b"", "commands_forged"),
        ("noise", bytes(range(200)), "commands_forged"),
        ("too long", good + bytes(300), "commands_forged"),
        ("for another device", order(device=OTHER), "commands_foreign"),
    )
    for name, data, counter in table:
        world = World()
        assert world.send(data) is None, name
        assert world.counts == {counter: 1}, name
        assert world.memory.command_sequence == 0, name
        assert world.equipment.done == [], name


def test_out_of_its_time():
    table = (
        (NOW + 2100, receipt.REFUSED, "expired", "commands_expired"),
        (NOW + 2099, receipt.OBEYED, "none", "commands_obeyed"),
        (NOW - 6, receipt.REFUSED, "not_yet_valid", "commands_refused"),
        (NOW - 5, receipt.OBEYED, "none", "commands_obeyed"),
        (None, receipt.REFUSED, "no_time", "commands_refused"),
    )
    for now_s, outcome, reason, counter in table:
        world = World()
        world.now_s = now_s
        answer = world.send(order())
        assert (answer.outcome, receipt.REASONS[answer.reason]) == (outcome, reason), now_s
        assert world.counts == {counter: 1}
        assert (("obey", 1) in world.equipment.done) == (outcome == receipt.OBEYED)
        assert answer.acted_s == (max(now_s, NOW) if outcome == receipt.OBEYED else now_s or 0)
        # Whatever came of it, it does not come again.
        world.now_s = NOW
        world.send(order())
        assert world.counts["commands_replayed"] == 1


def test_a_replay_is_not_acted_on_and_what_waits_is_told_again():
    world = World()
    world.send(order())
    assert world.send(order()) is None and world.woken == 1
    assert world.send(order(sequence=1, value=0)) is None  # the number again, another command
    assert world.send(order(sequence=3)).outcome == receipt.OBEYED
    assert world.send(order(sequence=2)) is None  # late, and overtaken
    assert world.counts == {"commands_obeyed": 2, "commands_replayed": 3}
    assert [what for what in world.equipment.done if what[0] == "obey"] == [("obey", 1), ("obey", 1)]


def scratch(name):
    """An empty directory on either interpreter."""
    path = f"/tmp/gridtide-{name}-{int.from_bytes(os.urandom(6), 'big')}"
    os.mkdir(path)
    return path


def empty(path):
    for name in os.listdir(path):
        os.remove(path + "/" + name)
    os.rmdir(path)


def test_a_replay_after_a_reboot_is_known():
    directory = scratch("commands")
    try:
        memory = Nonvolatile(directory)
        memory.begin_boot(0)
        before = World(memory)
        assert before.send(order(sequence=9)).outcome == receipt.OBEYED
        memory = Nonvolatile(directory)
        memory.begin_boot(0)
        world = World(memory)
        world.told = before.told  # as its flash keeps them
        assert world.send(order(sequence=9)) is None
        assert world.send(order(sequence=8)) is None
        assert world.send(order(sequence=10)).boot == 2
        assert world.counts == {"commands_replayed": 2, "commands_obeyed": 1}
    finally:
        empty(directory)


def test_a_command_that_a_power_cut_interrupted_is_answered_once_and_not_acted_on_again():
    directory = scratch("interrupted")
    try:
        memory = Nonvolatile(directory)
        memory.begin_boot(0)
        memory.take_command(9, b"")  # and then the power failed: there is no receipt
        memory = Nonvolatile(directory)
        memory.begin_boot(0)
        world = World(memory)
        answer = world.send(order(sequence=9))
        assert (answer.outcome, receipt.REASONS[answer.reason]) == (receipt.REFUSED, "interrupted")
        assert answer.command_digest == sha256(order(sequence=9)).digest()[:8]
        assert world.send(order(sequence=9)) is None
        assert world.send(order(sequence=8)) is None
        assert world.equipment.done == []
    finally:
        empty(directory)
