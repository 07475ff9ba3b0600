"""
A deferrable load (a water heater) runs when energy is cheap and rests when it is dear, between two temperatures.

What counts, in this order: the comfort limits, the minimum times and the switches a day, the deadline, the price.
Any measured temperature is accepted; a target out of reach gets all the heating there is, and is named.
"""

from chain.contracts.terms import NO_DEADLINE, DeferrableTerms, intervals_left
from chain.contracts.wish import (
    COMFORT,
    DEADLINE,
    MINIMUM_TIME,
    NO_MEASUREMENT,
    PRICE,
    TARGET_UNREACHABLE,
    Situation,
    Wish,
)
from chain.state import Control, Measured
from wire.interval import INTERVAL_S

OFF, ON = 0, 1
SLOTS_A_DAY = 48
# Until a rise was seen: 150 l of water, 4186 J/(l K).
TANK_J_PER_K = 150 * 4186


def are_terms_sound(numbers: tuple[int, ...]) -> bool:
    if len(numbers) != len(DeferrableTerms._fields) or min(numbers) < -100_000 or max(numbers) > 1_000_000:
        return False
    terms = DeferrableTerms(*numbers)
    return (
        terms.power_w > 0
        and terms.temperature_mc_min < terms.temperature_mc_max
        and min(terms.intervals_on_min, terms.intervals_off_min, terms.switches_per_day_max) >= 0
        and 0 <= terms.price_on_permille <= terms.price_off_permille
        and 0 <= terms.deadline_slot <= NO_DEADLINE
    )


def decide(terms: DeferrableTerms, now: Situation) -> Wish:
    """Whether to heat in this interval, and why."""
    if now.measured is None:
        return Wish(OFF, NO_MEASUREMENT)
    temperature = now.measured.temperature_mc
    need = terms.temperature_mc_max - temperature
    if temperature >= terms.temperature_mc_max:
        return Wish(OFF, COMFORT)
    if temperature <= terms.temperature_mc_min:
        return Wish(ON, COMFORT, need, True)
    held = _held(terms, now)
    if held is not None:
        return Wish(held, MINIMUM_TIME, need, held == ON)
    wanted = _for_deadline(terms, now, need) or _for_price(terms, now, need)
    if wanted.value == ON and not _may_switch_on(terms, now):
        return Wish(OFF, MINIMUM_TIME)
    return wanted


def _held(terms: DeferrableTerms, now: Situation) -> int | None:
    """The value that a minimum time holds, or None."""
    control = now.control
    if control is None:
        return None
    intervals_min = terms.intervals_on_min if control.value == ON else terms.intervals_off_min
    return control.value if now.interval - control.since_interval < intervals_min else None


def _may_switch_on(terms: DeferrableTerms, now: Situation) -> bool:
    """On, off, and once more for comfort: the price may only use what leaves that."""
    control = now.control
    if control is None or control.value == ON or control.day != now.interval // SLOTS_A_DAY:
        return True
    return control.switches + 4 <= terms.switches_per_day_max


def _for_deadline(terms: DeferrableTerms, now: Situation, need: int) -> Wish | None:
    """On when only heating from now on reaches the deadline's temperature; None while there is time."""
    assert now.measured is not None
    left = intervals_left(now.slot, terms.deadline_slot)
    missing = terms.deadline_temperature_mc - now.measured.temperature_mc
    if left == 0 or missing <= 0:
        return None
    needed = -(-missing // rise_mc(terms, now.control))
    if needed < left:
        return None
    return Wish(ON, DEADLINE if needed == left else TARGET_UNREACHABLE, need, True)


def rise_mc(terms: DeferrableTerms, control: Control | None) -> int:
    """How far one interval of heating raises the temperature: as last seen, at first as 150 l would."""
    if control is not None and control.rise_mc > 0:
        return control.rise_mc
    return max(1, terms.power_w * INTERVAL_S * 1000 // TANK_J_PER_K)


def _for_price(terms: DeferrableTerms, now: Situation, need: int) -> Wish:
    """Between the two thresholds it stays as it is."""
    is_on = now.control is not None and now.control.value == ON
    if now.price_permille >= terms.price_off_permille:
        return Wish(OFF, PRICE)
    if now.price_permille > terms.price_on_permille and not is_on:
        return Wish(OFF, PRICE)
    span = terms.temperature_mc_max - terms.temperature_mc_min
    if not is_on and need < span // 4:
        return Wish(OFF, COMFORT)  # as good as full: no switch for so little
    return Wish(ON, PRICE, need)


def controlled(now: Situation, value: int) -> Control:
    """What to remember once `value` is decided."""
    before = now.control or Control(OFF, now.interval, 0, 0, 0, 0)
    day = now.interval // SLOTS_A_DAY
    switches = before.switches if before.day == day else 0
    since = before.since_interval
    if value != before.value:
        since, switches = now.interval, switches + 1
    temperature = now.measured.temperature_mc if now.measured else 0
    return Control(value, since, day, switches, temperature, _rise_seen(before, now.measured))


def _rise_seen(before: Control, measured: Measured | None) -> int:
    if measured is None or before.value == OFF or before.temperature_mc == 0:
        return before.rise_mc
    rise = measured.temperature_mc - before.temperature_mc
    return rise if rise > 0 else before.rise_mc
