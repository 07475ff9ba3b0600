"""
A day of a whole meter, and every flash write of it the last one. Runs on MicroPython, with by_hand/,
hil/board, the firmware and its tests on the path:

  micropython -X heapsize=64M whole_day.py FOLDER FIRST STEP SHARES

First the day is played once, on the file-backed LittleFS of the bench's boards, from main.py to the
radio: 96 windows with PV, battery and water heater, orders, a silent aggregator, a deaf
M-LMD, a new key of its own and one of the M-LMD, two power failures. Every write and erase is noted, with what the
device was told and what it said between them.

Then the flash is made as it was at write FIRST, FIRST+STEP and so on, with nothing of that write done (SHARES has
0), half of it (1) or all (2), and the device starts from there: it must still be the one it was, and work on.

Prints "W writes, E erases, M of_one_block" of the day and "C cuts, B boots".
"""

import gc as _gc
import sys


# A board collects every 16 KB; here that would be most of the work.
class Gc:
    def collect(self):
        pass

    def threshold(self, _amount):
        pass

    def mem_alloc(self):
        return 0


sys.modules["gc"] = Gc()
import board_channel as bench  # noqa: E402
import board_tasks  # noqa: E402

sys.modules["_asyncio"] = board_tasks
import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import time  # noqa: E402
from binascii import hexlify  # noqa: E402

import device  # noqa: E402
import esp32  # noqa: E402
import espnow  # noqa: E402
import machine  # noqa: E402
import network  # noqa: E402
import vfs  # noqa: E402
import world as outside  # noqa: E402
from counters import Counters  # noqa: E402
from nonvolatile import Nonvolatile  # noqa: E402
from world import Kept, World  # noqa: E402

from wire import command  # noqa: E402

BLOCK = 4096
BLOCKS = 512  # hil/images.py: the data partition of a 4 MiB module
START_S = 1800057600  # midnight
DAY_S, HOUR_S, WINDOW_S = 86400, 3600, 900
MAIN = device.__file__.rsplit("/", 1)[0] + "/main.py"
LIMITS = (40000, 70000, 60, 60, 200, 900, 3000, 3000)
NOT_SUMS = ("clock_drift_ppm", "relay_day", "relay_switches_today")


def config():
    from config import LIMITS as names

    limits = {names[i]: LIMITS[i] for i in range(len(names))}
    return {
        "role": "meter",
        "name": "meter",
        "board": "esp32_devkit",
        "network_id": hexlify(outside.NETWORK).decode(),
        "area_id": hexlify(outside.AREA).decode(),
        "device_id": hexlify(outside.METER).decode(),
        "aggregator_public_key": hexlify(outside.AGGREGATOR_KEY.public_key).decode(),
        "mlmd": {
            "id": hexlify(outside.MLMD).decode(),
            "public_key": hexlify(outside.MLMD_KEYS[0].public_key).decode(),
            "mac": hexlify(outside.MLMD_MAC).decode(),
        },
        "equipment": {"pzem": {"load": 1, "pv": 2, "battery": 3}, "inverter": 10, "heater": True},
        "limits": limits,
    }


# -- flash --------------------------------------------------------------------------------------


class Noting(esp32.Partition):
    """The bench's flash; what is done to it is noted."""

    def __init__(self, note):
        super().__init__()
        self._note = note

    def writeblocks(self, block, buffer, offset=None):
        if offset is not None:
            self._note(("write", block * BLOCK + offset, bytes(buffer)))
        super().writeblocks(block, buffer, offset)

    def _erase(self, block):
        self._note(("write", block * BLOCK, None))
        super()._erase(block)


def mount(partition):
    vfs.mount(vfs.VfsLfs2(partition), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def make_image(path):
    with open(path, "wb") as file:
        for _ in range(BLOCKS):
            file.write(b"\xff" * BLOCK)
    esp32.set_image(path)
    vfs.VfsLfs2.mkfs(esp32.Partition())
    mount(esp32.Partition())
    with open("config.json", "w") as file:
        json.dump(config(), file)
    with open("key.bin", "wb") as file:
        file.write(b"d" * 32)
    with open("release.json", "w") as file:
        installed = {"version": 1, "size": 4096, "sha256": "00" * 32}
        json.dump({"threshold": 1, "keys": ["11" * 32], "installed": installed}, file)
    unmount()


class Twins:
    """The flash as it was before a write of the day, and a copy of it to start the device from."""

    def __init__(self, original, copy):
        self.copy = copy
        self._files = open(original, "r+b"), open(copy, "wb")  # noqa: SIM115  both are open as long as the twins live
        self._dirty = set(range(BLOCKS))
        self.restore()

    def restore(self):
        """The copy is the original again."""
        source, copy = self._files
        for block in self._dirty:
            source.seek(block * BLOCK)
            copy.seek(block * BLOCK)
            copy.write(source.read(BLOCK))
        copy.flush()
        self._dirty.clear()

    def wrote(self, what):
        """What the device did to the copy (as Noting notes it)."""
        self._dirty.add(what[1] // BLOCK)

    # share of two: 0 nothing, 1 half, 2 all. The byte where the power went has half of its bits.
    def apply(self, write, share, is_for_good=False):
        """Does a write of the day to the copy, or to both."""
        _, at, data = write
        data = b"\xff" * BLOCK if data is None else data
        data = data[: len(data) * share // 2]
        if share == 1 and write[2] is not None:
            data += bytes((write[2][len(data)] | 0x55,))
        for file in self._files if is_for_good else self._files[1:]:
            file.seek(at)
            file.write(data)
            file.flush()
        self._dirty.add(at // BLOCK)


# -- a life -------------------------------------------------------------------------------------

_boards = []  # the Device of the life that is lived
_first_init = device.Device.__init__


def _init(self, *given):
    _boards[:] = [self]
    _first_init(self, *given)


device.Device.__init__ = _init


# What is on the flash when these return must be there for ever.
def _tell_of_writes():
    write_counters, write_memory = Counters.write, Nonvolatile._write

    def counters(self):
        write_counters(self)
        bench.world.happen("saved", "counters", dict(self.values))

    def memory(self):
        write_memory(self)
        bench.world.happen("saved", "memory", (self.boot, self.command_sequence, self.since_s))

    Counters.write, Nonvolatile._write = counters, memory


_tell_of_writes()


def live(partition, town, from_ms, plan):
    """From power-on until town.end_ms, or until it restarts. plan: [(ms, action)]. Whether it wants to start again."""
    bench.begin(from_ms)
    bench.world = town
    machine.Pin._by_id.clear()
    espnow.ESPNow._one = None
    network.WLAN._state.clear()
    time.rtc_offset_ms = -from_ms
    asyncio.new_event_loop()
    for when_ms, action in plan:
        if from_ms <= when_ms < town.end_ms:
            bench.at(when_ms, action)
    mount(partition)
    try:
        execfile(MAIN, {"__name__": "__main__"})  # noqa: F821
        raise AssertionError("it ended")
    except bench.Over:
        return False
    except bench.Restart:
        return True
    finally:
        unmount()


# -- the day ------------------------------------------------------------------------------------


def at(hours):
    return int((START_S + hours * HOUR_S) * 1000)


def plan_of(town):
    def set_(name, value):
        return lambda: setattr(town, name, value)

    plan = [
        (at(5), set_("is_silent", True)),
        (at(6), set_("is_away", True)),
        (at(6.6), set_("is_away", False)),
        (at(8), set_("is_silent", False)),
        (at(10.1), lambda: town.order(command.ROTATE_KEY, 0)),
        (at(10.5), town.notice_own),
        (at(14.2), town.notice_mlmd),
    ]
    for number in range(31):
        hours = 0.55 + 0.75 * number
        action, value = (command.RELAY, number // 2 % 2) if number % 2 else (command.BATTERY_POWER, 500 - 50 * number)
        plan.append((at(hours), lambda action=action, value=value: town.order(action, value)))
        plan.append((at(hours + 0.02), town.order_again))
    return sorted(plan, key=lambda one: one[0])


def play_day(image, happened):
    """Plays the day; happened(ms, event) is called for all that happens."""

    def now(event):
        happened(bench.now_ms, event)

    town = World(Kept(), now, 0)
    plan = plan_of(town)
    partition = Noting(now)
    for begin, end in ((10 / HOUR_S, 12), (12.1, 18.3), (18.5, 24.02)):
        town.end_ms = at(end)
        while live(partition, town, max(at(begin), bench.now_ms), plan):
            pass
    return town


def check_records(kept):
    """They follow one another, and hold all that the chips counted."""
    keys = sorted(kept.records)
    before = None
    for key in keys:
        one = kept.records[key]
        assert before is None or one.start_s == before.start_s + before.duration_s, ("a gap", key)
        before = one
    first, last = kept.records[keys[0]], before
    end_s = last.start_s + last.duration_s
    for counted_wh, total_wh in (
        (outside.consumed_wh, last.consumed_total_wh),
        (outside.produced_wh, last.produced_total_wh),
    ):
        assert total_wh == counted_wh(end_s) - counted_wh(first.start_s), (total_wh, first.start_s, end_s)


# -- after a cut --------------------------------------------------------------------------------


def revive(twins, kept, cut_ms):
    """Starts the device from the copy, ten seconds after the cut, and looks at it for a window."""
    esp32.set_image(twins.copy)
    partition = Noting(twins.wrote)
    from_ms = cut_ms + 10000
    town = World(Kept(kept), lambda _: None, 0)
    town.answers_rotation = True
    town.end_ms = ((from_ms // 1000 + 150) // WINDOW_S + 1) * WINDOW_S * 1000 + 60000
    ordered = []
    plan = [
        (from_ms + 1000, town.say_mlmd),
        (from_ms + 70000, town.order_again),
        (from_ms + 80000, lambda: ordered.append(town.order(command.BATTERY_POWER, 0))),
    ]
    assert not live(partition, town, from_ms, plan), "it restarts"
    check(kept, town, ordered[0])


def check(before, town, ordered):
    (one,) = _boards
    after = town.kept
    assert one.boot > max([key[1] for key in before.said] + [before.saved.get("memory", (0,))[0]]), (
        "a boot was repeated"
    )
    assert ordered in after.obeyed, "it obeys no more"
    assert not before.orders or before.orders[-1][0] in after.answered, "an order is not answered"
    lost = [key for key in before.unacknowledged if key not in town.heard]
    assert not lost, ("not said again", lost)
    assert not after.unacknowledged and not one.outbox.waiting() and not one._told.waiting()
    assert (one.boot, 1) in after.records, "it signs no more"
    check_records(after)
    assert one._memory.command_sequence >= before.saved.get("memory", (0, 0))[1], "a command is forgotten"
    for name, value in before.saved.get("counters", {}).items():
        assert name in NOT_SUMS or one.counters.values[name] >= value, ("a counter fell", name)


def cut_everywhere(twins, events, first, step, shares):
    kept, writes, cuts, boots = Kept(), 0, 0, 0
    for number in range(len(events)):
        now_ms, event = events[number]
        if event[0] != "write":
            kept.note(event)
            continue
        writes += 1
        if writes >= first and (writes - first) % step == 0:
            cuts += 1
            for share in shares:
                twins.apply(event, share)
                try:
                    revive(twins, kept, now_ms)
                except Exception:
                    print("write", writes, "of", event[1], "share", share, "at", now_ms // 1000 - START_S, "s")
                    raise
                twins.restore()
                boots += 1
                _gc.collect()
        twins.apply(event, 2, True)
    return cuts, boots


def play(folder, first, step, shares):
    image, morning = folder + "/day.img", folder + "/morning.img"
    make_image(morning)
    with open(morning, "rb") as source, open(image, "wb") as copy:
        copy.write(source.read())
    esp32.set_image(image)
    events, erases = [], {}

    def happened(now_ms, event):
        events.append((now_ms, event))
        if event[0] == "write" and event[2] is None:
            erases[event[1]] = erases.get(event[1], 0) + 1

    town = play_day(image, happened)
    check_records(town.kept)
    assert len(town.kept.records) == 95 and len(town.kept.keys) == 2
    assert len(town.kept.obeyed) >= 20 and len(town.kept.answered) == 32 and not town.kept.unacknowledged
    writes = len([event for _, event in events if event[0] == "write"])
    cuts, boots = cut_everywhere(Twins(morning, folder + "/copy.img"), events, first, step, shares)
    print(writes, "writes,", sum(erases.values()), "erases,", max(erases.values()), "of_one_block")
    print(cuts, "cuts,", boots, "boots")


play(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), [int(share) for share in sys.argv[4]])
