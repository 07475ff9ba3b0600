"""
A day of a whole device, and every flash write of it the last one. Runs on MicroPython, with by_hand/,
hil/board, the firmware and its tests on the path:

  micropython -X heapsize=64M whole_day.py meter|mlmd FOLDER FIRST STEP SHARES

First the day is played once, on the file-backed LittleFS of the bench's boards, from main.py to the radio or the
socket: 96 windows with commands, a silent aggregator, an hour with nobody to talk to, a new key, two power failures; a
meter's PV, battery, water heater and a new key of its M-LMD; an M-LMD's breaker that trips and closes again,
with events. Every write and erase is noted, with what the device was told and what it said between them.

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

import device  # noqa: E402
import esp32  # noqa: E402
import espnow  # noqa: E402
import machine  # noqa: E402
import network  # noqa: E402
import vfs  # noqa: E402
from counters import Counters  # noqa: E402
from nonvolatile import Nonvolatile  # noqa: E402
from world import Kept, consumed_wh, produced_wh  # noqa: E402

if sys.argv[1] == "meter":
    from meter_world import CONFIG
    from meter_world import MeterWorld as World
else:
    import socket

    from breaker import Breaker
    from mlmd_world import CONFIG
    from mlmd_world import MlmdWorld as World

BLOCK = 4096
BLOCKS = 512  # hil/images.py: the data partition of a 4 MiB module
START_S = 1800057600  # midnight
DAY_S, HOUR_S, WINDOW_S = 86400, 3600, 900
MAIN = device.__file__.rsplit("/", 1)[0] + "/main.py"
NOT_SUMS = ("clock_drift_ppm", "relay_day", "relay_switches_today")


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
        json.dump(CONFIG, file)
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

_boards = []  # the Device of the life that is lived, and what its breaker remembered
_first_init = device.Device.__init__


def _init(self, *given):
    _first_init(self, *given)
    _boards[:] = [self, self.equipment.breaker._kept if CONFIG["role"] == "mlmd" else None]


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


def _tell_of_breaker():
    keep = Breaker.keep

    def kept(self):
        begun = self.protection.snapshot()
        begun.append(self.held_until_s)
        bench.world.happen("saved", "breaker begun", begun)
        keep(self)
        bench.world.happen("saved", "breaker", self._kept)

    Breaker.keep = kept


_tell_of_writes()
if CONFIG["role"] == "mlmd":
    _tell_of_breaker()


def live(partition, town, from_ms, plan):
    """From power-on until town.end_ms, or until it restarts. plan: [(ms, action)]. Whether it wants to start again."""
    bench.begin(from_ms)
    bench.world = town
    machine.Pin._by_id.clear()
    espnow.ESPNow._one = None
    network.WLAN._state.clear()
    if CONFIG["role"] == "mlmd":
        socket._in_use.clear()
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
    def set_silent(value):
        return lambda: setattr(town, "is_silent", value)

    plan = town.plan()
    plan += [
        (5, set_silent(True)),
        (6, lambda: town.go_away(True)),
        (6.6, lambda: town.go_away(False)),
        (8, set_silent(False)),
        (10.1, town.rotate_key),
        (10.5, town.notice_own),
    ]
    plan += [(hours + 0.02, town.order_again) for hours, _ in plan]
    return sorted([(at(hours), action) for hours, action in plan], key=lambda one: one[0])


def play_day(image, happened):
    """Plays the day; happened(ms, event) is called for all that happens."""

    def now(event):
        happened(bench.now_ms, event)

    town = World(Kept(), now)
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
        (consumed_wh, last.consumed_total_wh),
        (produced_wh, last.produced_total_wh),
    ):
        assert total_wh == counted_wh(end_s) - counted_wh(first.start_s), (total_wh, first.start_s, end_s)


# -- after a cut --------------------------------------------------------------------------------


def revive(twins, kept, cut_ms):
    """Starts the device from the copy, ten seconds after the cut, and looks at it for a window."""
    esp32.set_image(twins.copy)
    partition = Noting(twins.wrote)
    from_ms = cut_ms + 10000
    town = World(Kept(kept), lambda _: None)
    town.answers_rotation = True
    town.end_ms = ((from_ms // 1000 + 150) // WINDOW_S + 1) * WINDOW_S * 1000 + 60000
    ordered = []
    plan = [
        (from_ms + 1000, town.say_changes),
        (from_ms + 70000, town.order_again),
        (from_ms + 80000, lambda: ordered.append(town.fresh_order())),
    ]
    assert not live(partition, town, from_ms, plan), "it restarts"
    check(kept, town, ordered[0])


def check(before, town, ordered):
    one, breaker = _boards
    after = town.kept
    assert one.boot > max([key[1] for key in before.said] + [before.saved.get("memory", (0,))[0]]), (
        "a boot was repeated"
    )
    assert ordered in after.answered, "it answers no more"
    assert not before.orders or before.orders[-1][0] in after.answered, "an order is not answered"
    lost = [key for key in before.unacknowledged if key not in town.heard]
    assert not lost, ("not said again", lost)
    waiting = (after.unacknowledged, one.outbox.waiting(), one._told.waiting())
    assert not any(waiting), ("not delivered", waiting)
    assert (one.boot, 1) in after.records, "it signs no more"
    check_records(after)
    assert one._memory.command_sequence >= before.saved.get("memory", (0, 0))[1], "a command is forgotten"
    if before.saved.get("breaker"):
        assert breaker in (before.saved["breaker"], before.saved["breaker begun"]), "the breaker's state is lost"
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
    assert len(town.kept.obeyed) >= 20 and len(town.kept.answered) >= 31 and not town.kept.unacknowledged
    writes = len([event for _, event in events if event[0] == "write"])
    cuts, boots = cut_everywhere(Twins(morning, folder + "/copy.img"), events, first, step, shares)
    print(writes, "writes,", sum(erases.values()), "erases,", max(erases.values()), "of_one_block")
    print(cuts, "cuts,", boots, "boots")


play(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), [int(share) for share in sys.argv[5]])
