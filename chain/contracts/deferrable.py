"""
A deferrable load (a water heater) runs when energy is cheap and rests when it is dear, between two temperatures.

What counts, in this order: the comfort limits, the minimum times and the switches a day, the deadline, the price.
Any measured temperature is accepted; a target out of reach gets all the heating there is, and is named.
"""

from chain.contracts.terms import NO_DEADLINE, DeferrableTerms, intervals_left
from chain.contracts.wish import (
    COMFORT,
    DEADLINE,
    EASY,
    MINIMUM_TIME,
    NO_MEASUREMENT,
    NOW,
    PRICE,
    SOON,
    TARGET_UNREACHABLE,
    Situation,
    Wish,
)
from chain.state import Control, Measured
from wire.interval import INTERVAL_S

OFF, ON = 0, 1
SLOTS_A_DAY = 48
# Without a good price the tank is heated when this many eighths of its span are missing, until those are.
RESERVE_COLD, RESERVE_HEATED = 6, 5
AHEAD = 12  # intervals before a deadline in which an ordinary price is good enough
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
    wish = _wish(terms, now, now.measured.temperature_mc)
    if wish.value == ON and not _may_switch_on(terms, now, wish.urgency):
        return Wish(OFF, MINIMUM_TIME)
    return wish


def _wish(terms: DeferrableTerms, now: Situation, temperature_mc: int) -> Wish:
    need = terms.temperature_mc_max - temperature_mc
    if need <= 0:
        return Wish(OFF, COMFORT)
    if temperature_mc <= terms.temperature_mc_min:
        return Wish(ON, COMFORT, need, NOW)
    held = _held(terms, now)
    if held is not None:
        return Wish(held, MINIMUM_TIME, need, NOW)
    return _for_deadline(terms, now, need) or _for_price(terms, now, need)


def _held(terms: DeferrableTerms, now: Situation) -> int | None:
    """The value that a minimum time holds, or None."""
    control = now.control
    if control is None:
        return None
    intervals_min = terms.intervals_on_min if control.value == ON else terms.intervals_off_min
    return control.value if now.interval - control.since_interval < intervals_min else None


def _may_switch_on(terms: DeferrableTerms, now: Situation, urgency: int) -> bool:
    """Who switches on has to switch off again; and what is not urgent leaves as much for what may come."""
    control = now.control
    if control is None or control.value == ON:
        return True
    used = control.switches if control.day == now.interval // SLOTS_A_DAY else 0
    return used + (2 if urgency >= SOON else 4) <= terms.switches_per_day_max


def _for_deadline(terms: DeferrableTerms, now: Situation, need: int) -> Wish | None:
    """On when heating has to begin now to reach the deadline's temperature, or soon and energy is not dear."""
    assert now.measured is not None
    left = intervals_left(now.slot, terms.deadline_slot)
    missing = terms.deadline_temperature_mc - now.measured.temperature_mc
    if left == 0 or missing <= 0:
        return None
    needed = -(-missing // rise_mc(terms, now.control))
    if needed > left:
        return Wish(ON, TARGET_UNREACHABLE, need, SOON)
    if needed == left:
        return Wish(ON, DEADLINE, need, SOON)
    if left <= AHEAD and now.price_permille < terms.price_off_permille:
        return Wish(ON, DEADLINE, need, EASY)
    return None


def rise_mc(terms: DeferrableTerms, control: Control | None) -> int:
    """
    How far one interval of heating raises the temperature: as last seen, at first as 150 l would. Water drawn meanwhile
    hides the rise, so what was seen counts as a quarter of that at least.
    """
    typical = max(4, terms.power_w * INTERVAL_S * 1000 // TANK_J_PER_K)
    seen = control.rise_mc if control is not None else 0
    return max(seen, typical // 4) if seen else typical


def _for_price(terms: DeferrableTerms, now: Situation, need: int) -> Wish:
    """Between the two thresholds it goes on with what the price began, and keeps the tank from getting cold."""
    if now.price_permille >= terms.price_off_permille:
        return Wish(OFF, PRICE)
    span = terms.temperature_mc_max - terms.temperature_mc_min
    before = now.control
    is_on = before is not None and before.value == ON
    is_cheap = now.price_permille <= terms.price_on_permille
    if is_cheap and (is_on or need >= span // 4):  # when as good as full, no switch for so little
        return Wish(ON, PRICE, need)
    if before is not None and is_on and before.reason == PRICE:
        return Wish(ON, PRICE, need)
    if need > span * (RESERVE_HEATED if is_on else RESERVE_COLD) // 8:
        return Wish(ON, COMFORT, need, EASY)
    return Wish(OFF, COMFORT if is_cheap else PRICE)


def controlled(now: Situation, wish: Wish) -> Control:
    """What to remember of a decision."""
    before = now.control or Control(OFF, PRICE, now.interval, 0, 0, 0, 0)
    day = now.interval // SLOTS_A_DAY
    switches = before.switches if before.day == day else 0
    relay = now.measured.relays & 1 if now.measured else before.value
    switches += (relay != before.value) + (wish.value != relay)  # by itself since, and now
    since = before.since_interval if wish.value == before.value else now.interval
    temperature = now.measured.temperature_mc if now.measured else 0
    return Control(wish.value, wish.reason, since, day, switches, temperature, _rise_seen(before, now.measured))


def _rise_seen(before: Control, measured: Measured | None) -> int:
    if measured is None or before.value == OFF or before.temperature_mc == 0:
        return before.rise_mc
    rise = measured.temperature_mc - before.temperature_mc
    return rise if rise > 0 else before.rise_mc
