"""What the M-LMD finds wrong, and that each finding ends by itself."""

import random

from energy_balance import BALANCED, SURPLUS, UNACCOUNTED, Balance
from fault import KINDS, SILENT_S, BalanceWatch, Faults, MeterWatch, PhaseWatch

from wire.reading import CHIP_SILENT, RECORD, TIME_UNCERTAIN, VOLTAGE_UNMEASURED

METER = b"meter-01"
WINDOW_S = 900


class Meter:
    """A meter that is watched: each line of a story is one window."""

    def __init__(self):
        self.faults = Faults()
        self.watch = MeterWatch(METER, self.faults, 10_000, 0)
        self.now_s = 0
        self.total_wh = 100_000

    def hear(self, energy_wh, power_w, voltage_mv=230_000, flags=0, is_fed=True):
        self.now_s += WINDOW_S
        self.total_wh += energy_wh
        totals = (self.total_wh, 0, 0, 0)
        start_s = self.now_s - WINDOW_S
        self.watch.hear(
            self.now_s,
            RECORD.cls(start_s, WINDOW_S, 0, 0, 0, 0, *totals, voltage_mv, power_w, 50_000, 0, 0, 0, flags),
            is_fed,
        )
        self.watch.tick(self.now_s)

    def miss(self):
        self.now_s += WINDOW_S
        self.watch.tick(self.now_s)

    @property
    def kinds(self):
        return " ".join(sorted([kind for kind, _ in self.faults.active])) or "-"


# Each line: Wh of the window, W at its end, the faults that are active after it; "miss": no reading.
def check(story):
    meter = Meter()
    for number, line in enumerate(story.strip().split("\n")):
        words = line.split("#")[0].split()
        if words[0] == "miss":
            meter.miss()
        else:
            meter.hear(int(words[0]), int(words[1]))
        assert meter.kinds == " ".join(words[1 if words[0] == "miss" else 2 :]), f"line {number + 1}: {meter.kinds}"
    return meter


def test_a_silent_meter():
    meter = check("""
        250 1000 -
        miss     -
        miss     -
        miss     meter_silent
        miss     meter_silent
        250 1000 -
    """)
    begun, ended = meter.faults.take_changes()
    assert (begun.kind, begun.subject, begun.end_s) == ("meter_silent", METER, 0)
    assert begun.begin_s - WINDOW_S > SILENT_S
    assert (ended.begin_s, ended.end_s) == (begun.begin_s, begun.begin_s + 2 * WINDOW_S)


def test_a_meter_that_was_never_heard():
    check("miss -\nmiss -\nmiss meter_silent")


def test_a_stuck_register():
    check("""
        250 1000 -
        0   1000 -
        0   1000 -
        0   1000 register_stuck
        0   1000 register_stuck
        3   1000 -
        0   1000 -
        0      5 -   # nothing flows: nothing has to move
        0   1000 -
        0   1000 -
        0   1000 -
        0   1000 register_stuck
        0      5 -
    """)


def test_an_empty_house_is_not_stuck():
    check("\n".join(["0 0 -"] * 20 + ["0 99 -"] * 20))


def test_a_house_that_exports_is_not_stuck_and_its_stuck_register_is():
    check("""
        0 -3000 -
        0 -3000 -
        0 -3000 -
        0 -3000 register_stuck
    """)


def test_a_register_that_jumps():
    check("""
        2500  9000 -   # as much as the service carries
        5000  1000 register_jumped
        250   1000 register_jumped
        250   1000 register_jumped
        250   1000 register_jumped
        250   1000 -
        -10   1000 register_jumped
        250   1000 register_jumped
        99999 1000 register_jumped
        250   1000 register_jumped
        250   1000 register_jumped
        250   1000 register_jumped
        250   1000 -
    """)


def test_energy_of_missed_windows_is_no_jump():
    check("""
        2500 9000 -
        miss      -
        miss      -
        7500 9000 -
        miss      -
        7500 9000 register_jumped
    """)


def test_a_silent_chip_is_not_a_stuck_register_and_not_a_lost_voltage():
    meter = Meter()
    meter.hear(250, 1000)
    for _ in range(5):
        meter.hear(0, 1000, voltage_mv=0, flags=CHIP_SILENT)
        assert meter.kinds == "chip_silent"
    meter.hear(1500, 1000)
    assert meter.kinds == "-"


def test_voltage_is_lost_below_half_and_back_above_four_fifths():
    meter = Meter()
    for voltage_mv, kinds in (
        (230_000, "-"),
        (116_000, "-"),
        (114_000, "voltage_lost"),
        (180_000, "voltage_lost"),
        (0, "voltage_lost"),
        (185_000, "-"),
        (120_000, "-"),
    ):
        meter.hear(250, 1000, voltage_mv)
        assert meter.kinds == kinds, voltage_mv


def test_a_lost_phase_is_named():
    faults = Faults()
    watch = PhaseWatch(faults)
    watch.hear(10, {1: 230_000, 2: 230_000, 3: 229_000})
    assert faults.take_changes() == []
    watch.hear(20, {1: 231_000, 2: 12_000, 3: 229_000})
    (begun,) = faults.take_changes()
    assert (begun.kind, begun.subject, begun.begin_s, begun.end_s, begun.value) == ("voltage_lost", 2, 20, 0, 12_000)
    watch.hear(30, {1: 231_000, 2: 230_000, 3: 229_000})
    (ended,) = faults.take_changes()
    assert (ended.subject, ended.begin_s, ended.end_s) == (2, 20, 30)


def test_what_has_no_time_or_comes_late_judges_no_register():
    meter = Meter()
    meter.hear(250, 1000)
    meter.hear(50_000, 1000, flags=TIME_UNCERTAIN)
    assert meter.kinds == "-"
    meter = Meter()
    meter.hear(250, 1000)
    meter.hear(250, 1000)
    meter.now_s -= 2 * WINDOW_S
    meter.hear(-250, 1000)  # an old reading, delivered late
    assert meter.kinds == "-"


def balance(verdict, missing_wh=1_000):
    return Balance(0, 900, missing_wh, 100, 50, verdict)


def test_the_balance_blames_a_meter_that_shows_a_fault_and_else_nobody():
    faults = Faults()
    watch = BalanceWatch(faults, (b"meter-00", METER))
    watch.hear(900, (balance(BALANCED), balance(BALANCED)))
    assert faults.active == {}
    watch.hear(1800, (balance(UNACCOUNTED), balance(BALANCED)))
    assert list(faults.active) == [("energy_unaccounted", b"")]
    faults.report("register_stuck", METER, 2000, True)
    watch.hear(2700, (balance(UNACCOUNTED), balance(UNACCOUNTED)))
    assert sorted(faults.active) == [("energy_unaccounted", METER), ("register_stuck", METER)]
    faults.report("register_stuck", METER, 3000, False)
    watch.hear(3600, (balance(BALANCED), balance(BALANCED)))
    assert faults.active == {}
    ended = [(f.kind, f.subject) for f in faults.take_changes() if f.end_s]
    assert ended == [("energy_unaccounted", b""), ("register_stuck", METER), ("energy_unaccounted", METER)]


def test_a_surplus_is_a_fault_of_its_own_and_no_balance_changes_nothing():
    faults = Faults()
    watch = BalanceWatch(faults, (METER,))
    watch.hear(900, (balance(BALANCED), balance(SURPLUS, -900)))
    ((key, fault),) = faults.active.items()
    assert key == ("energy_surplus", b"") and fault.value == -900
    watch.hear(1800, (balance(BALANCED), balance(BALANCED)))
    assert faults.active == {}


def test_changes_come_once_and_every_begin_has_its_end():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    faults = Faults()
    open_since = {}
    for now_s in range(1, 5_000):
        kind, subject = random.choice(KINDS[1:]), random.randrange(3)
        faults.report(kind, subject, now_s, bool(random.randrange(2)), now_s)
        for change in faults.take_changes():
            key = (change.kind, change.subject)
            if change.end_s:
                assert open_since.pop(key) == change.begin_s
            else:
                assert key not in open_since
                open_since[key] = change.begin_s
    assert sorted(open_since) == sorted(faults.active)
    assert faults.take_changes() == []


def test_a_chip_behind_an_open_breaker_is_silent_and_nothing_is_wrong_with_it():
    meter = Meter()
    meter.hear(250, 1000)
    meter.hear(0, 0, flags=CHIP_SILENT, is_fed=False)
    assert meter.kinds == "-"
    meter.hear(0, 0, flags=CHIP_SILENT)
    assert meter.kinds == "chip_silent"


def test_a_meter_that_measures_no_voltage_has_lost_none():
    meter = Meter()
    for flags, kinds in ((VOLTAGE_UNMEASURED, "-"), (0, "voltage_lost"), (0, "voltage_lost")):
        meter.hear(250, 1000, voltage_mv=0, flags=flags)
        assert meter.kinds == kinds
