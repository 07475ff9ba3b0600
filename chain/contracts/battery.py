"""
A battery charges when energy is cheap and discharges when it is dear, between two states of charge.

What counts, in this order: the state-of-charge limits, the deadline, the price. Any measured state is accepted and
steered back. How much of what it wishes it gets is settled with its neighbours (chain/contracts/feeder.py).
"""

from chain.contracts.terms import NO_DEADLINE, BatteryTerms, intervals_left
from chain.contracts.wish import (
    DEADLINE,
    NO_MEASUREMENT,
    NOW,
    PRICE,
    SOC_LIMIT,
    SOON,
    SPARE,
    TARGET_UNREACHABLE,
    Situation,
    Wish,
)
from chain.state import Control
from wire.interval import INTERVAL_S

INTERVALS_AN_HOUR = 3600 // INTERVAL_S
EVENING_H = 5


def are_terms_sound(numbers: tuple[int, ...]) -> bool:
    if len(numbers) != len(BatteryTerms._fields) or min(numbers) < 0 or max(numbers) > 1_000_000_000:
        return False
    terms = BatteryTerms(*numbers)
    return (
        terms.capacity_wh > 0
        and terms.soc_permille_min < terms.soc_permille_max <= 1000
        and terms.price_charge_permille <= terms.price_discharge_permille
        and terms.deadline_slot <= NO_DEADLINE
        and terms.deadline_soc_permille <= 1000
    )


def decide(terms: BatteryTerms, now: Situation) -> Wish:
    """The power to charge (positive) or discharge with in this interval, in W, and why."""
    if now.measured is None:
        return Wish(0, NO_MEASUREMENT)
    soc = now.measured.soc_permille
    need = 1000 - soc
    if soc > terms.soc_permille_max:
        power_w = _power_w(terms, soc - terms.soc_permille_max, terms.discharge_w_max)
        return Wish(-power_w, SOC_LIMIT, soc, SPARE, power_w)
    if soc < terms.soc_permille_min:
        return Wish(_power_w(terms, terms.soc_permille_min - soc, terms.charge_w_max), SOC_LIMIT, need, NOW)
    return _for_deadline(terms, now, soc) or _for_price(terms, now, soc)


def _power_w(terms: BatteryTerms, permille: int, power_w_max: int) -> int:
    """The power that moves the state of charge by so much in one interval, as far as the battery has it."""
    return min(power_w_max, permille * terms.capacity_wh * INTERVALS_AN_HOUR // 1000)


def _for_deadline(terms: BatteryTerms, now: Situation, soc: int) -> Wish | None:
    """Charge when only charging from now on reaches the deadline's state of charge; None while there is time."""
    left = intervals_left(now.slot, terms.deadline_slot)
    missing = min(terms.deadline_soc_permille, terms.soc_permille_max) - soc
    if left == 0 or missing <= 0:
        return None
    missing_wh = missing * terms.capacity_wh // 1000
    reach_wh = left * terms.charge_w_max // INTERVALS_AN_HOUR
    if missing_wh * 10 < (reach_wh - terms.charge_w_max // INTERVALS_AN_HOUR) * 9:  # a tenth for losses
        return None
    reason = DEADLINE if missing_wh <= reach_wh else TARGET_UNREACHABLE
    return Wish(_power_w(terms, missing, terms.charge_w_max), reason, 1000 - soc, SOON)


def _for_price(terms: BatteryTerms, now: Situation, soc: int) -> Wish:
    """Between the two thresholds it goes on with what it did."""
    before = now.control.value if now.control is not None else 0
    if now.price_permille <= terms.price_charge_permille:
        return _charge(terms, soc)
    if now.price_permille >= terms.price_discharge_permille:
        return _discharge(terms, soc)
    if before == 0:
        return Wish(0, PRICE)
    return _charge(terms, soc) if before > 0 else _discharge(terms, soc)


def _charge(terms: BatteryTerms, soc: int) -> Wish:
    power_w = _power_w(terms, terms.soc_permille_max - soc, terms.charge_w_max)
    return Wish(power_w, PRICE if power_w else SOC_LIMIT, 1000 - soc)


def _discharge(terms: BatteryTerms, soc: int) -> Wish:
    usable = soc - terms.soc_permille_min
    power_w = _power_w(terms, usable, terms.discharge_w_max)
    lasting_w = min(power_w, usable * terms.capacity_wh // 1000 // EVENING_H)
    return Wish(-power_w, PRICE if power_w else SOC_LIMIT, soc, SPARE, lasting_w)


def controlled(now: Situation, wish: Wish) -> Control:
    """What to remember of a decision: a battery has no minimum times."""
    return Control(wish.value, wish.reason, now.interval, 0, 0, 0, 0)
