"""
An invariant is something that must be true of every day, whatever the scenario: a name, and a check over the evidence
that finds what contradicts it. Each check sets one witness against another; none trusts the path it judges.

A check returns its faults as sentences. None: the invariant holds. Its docstring is what the report says of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from hil import invariants_of_books as books
from hil import invariants_of_control as control
from hil import invariants_of_faults as faults
from hil import invariants_of_protection as protection
from hil import invariants_of_time as times
from hil.evidence import Evidence
from hil.readings import committed, key_of, sealed_by_window, signed

Faults = Iterable[str]
Check = Callable[[Evidence], Faults]


def no_reading_lost(evidence: Evidence) -> Faults:
    """Everything the flash images hold as signed is committed to the ledger."""
    for key in sorted(signed(evidence).keys() - committed(evidence).keys()):
        yield f"{_reading(evidence, key)} was signed and never committed"


def no_reading_duplicated(evidence: Evidence) -> Faults:
    """No reading stands in two light blocks, or twice in one."""
    said, there = sealed_by_window(evidence)
    for window_start_s, more in sorted((said - there).items()):
        yield f"window {window_start_s}: the light blocks hold {more} readings more than there are"
    counts = Counter(key_of(reading) for reading in evidence.aggregator["readings"])
    for key, count in sorted(counts.items()):
        if count > 1:
            yield f"{_reading(evidence, key)} is stored {count} times"


def no_reading_altered(evidence: Evidence) -> Faults:
    """What is committed is, byte for byte, what a device signed."""
    originals = signed(evidence)
    for key, sha256 in sorted(committed(evidence).items()):
        if key not in originals:
            yield f"{_reading(evidence, key)} was committed but is on no device"
        elif originals[key] != sha256:
            yield f"{_reading(evidence, key)} differs from what the device signed"


def devices_remember_what_they_signed(evidence: Evidence) -> Faults:
    """Flash image and counters agree; a power cut may come between the two writes, once per boot."""
    for device in evidence.devices:
        if not device["counters"]:
            yield f"{device['name']} has no counters on its flash"
            continue
        images, counted = len(device["signed"]), device["counters"]["readings_signed"]
        if abs(images - counted) > device["boots"] - 1:
            yield f"{device['name']}: {images} readings on the flash, {counted} counted"


def light_blocks_hold_the_readings(evidence: Evidence) -> Faults:
    """Light blocks are numbered without a gap, and hold as many readings of each window as they say."""
    numbers = sorted(block["number"] for block in evidence.ledger["light_blocks"])
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"light blocks are not numbered 1 to {len(numbers)}"
    said, there = sealed_by_window(evidence)
    for window_start_s in sorted(said.keys() | there.keys()):
        if said[window_start_s] != there[window_start_s]:
            counts = f"{said[window_start_s]} readings on the ledger, {there[window_start_s]} sealed"
            yield f"window {window_start_s}: {counts}"


def every_device_is_a_process(evidence: Evidence) -> Faults:
    """Each device asked for ran as a MicroPython process of its own and left a flash image."""
    bench = evidence.bench
    expected = bench["meters"] + bench["mlmds"]
    if not bench["micropython_processes"] == expected == len(evidence.devices):
        found = f"{bench['micropython_processes']} processes, {len(evidence.devices)} flash images"
        yield f"{expected} devices asked for, {found}"


_TAKEN_AWAY = ("broker_killed", "aggregator_gone")


def nothing_was_given_up(evidence: Evidence) -> Faults:
    """The tap forgave no message, unless the scenario took the broker or the aggregator away."""
    forgiven = evidence.bench["tap"]["debts_forgiven"]
    taken_away = [fault for fault in evidence.bench["faults"] if fault["name"] in _TAKEN_AWAY]
    if forgiven and not taken_away:
        yield f"the bench gave up waiting for {forgiven} messages"


def _reading(evidence: Evidence, key: tuple[str, int, int]) -> str:
    device_id, boot, sequence = key
    return f"{evidence.names().get(device_id, device_id)}: reading {boot}/{sequence}"


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        no_reading_lost,
        no_reading_duplicated,
        no_reading_altered,
        devices_remember_what_they_signed,
        light_blocks_hold_the_readings,
        books.measured_energy_is_booked,
        books.booked_energy_is_settled,
        books.each_meter_is_settled,
        books.meters_agree_with_the_plant,
        books.money_is_conserved,
        books.ledger_conserves,
        books.validators_agree,
        books.prices_are_complete_and_recomputed,
        control.receipts_are_signed_by_their_device,
        control.obeyed_commands_have_receipts,
        control.receipts_answer_their_command,
        control.answers_are_on_the_ledger,
        control.commands_were_decided,
        control.relays_switch_as_the_contract_allows,
        control.replays_are_refused,
        faults.faults_are_told,
        faults.breakers_open_in_time,
        faults.feeder_is_held_without_its_aggregator,
        protection.breakers_open_and_close_as_they_must,
        protection.load_is_shed_by_frequency,
        protection.locked_out_heaters_stay_off,
        protection.lines_are_held_without_their_aggregator,
        times.uncertain_readings_are_not_billed,
        times.signed_time_never_goes_back,
        times.jumped_clocks_never_act_late,
        every_device_is_a_process,
        nothing_was_given_up,
    )
}
