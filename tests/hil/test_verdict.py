"""Each invariant holds on a sound day, and turns false when its part of the evidence is tampered with."""

import copy

import pytest

from hil.benefit import better_in
from hil.invariants import CHECKS
from hil.verdict import judge
from tests.hil import synthetic
from tests.hil.synthetic import BATTERY, HEATER, METERS, identity
from wire.reading import TIME_UNCERTAIN


@pytest.fixture(scope="module")
def sound():
    return synthetic.day()


@pytest.fixture
def day(sound):
    return copy.deepcopy(sound)


def broken(evidence):
    return {invariant["name"] for invariant in judge(evidence)["invariants"] if not invariant["holds"]}


def test_a_sound_day_holds(sound):
    report = judge(sound)
    assert broken(sound) == set()
    assert report["holds"]
    assert all(invariant["what"] for invariant in report["invariants"]), "each says what it means"


# How the evidence is tampered with, by the invariant that must see it.


def sign_one_more(day):
    day.devices[0]["signed"].append({"boot": 1, "sequence": 999, "sha256": "00" * 32})
    day.devices[0]["counters"]["readings_signed"] += 1


def lose_the_light_block_on_the_ledger(day):
    del day.ledger["light_blocks"][-1]


def store_twice(day):
    day.aggregator["readings"].append(day.aggregator["readings"][0])


def seal_twice(day):
    day.ledger["light_blocks"][5]["reading_count"] += 1


def alter_on_the_way(day):
    day.aggregator["readings"][0]["sha256"] = "00" * 32


def invent(day):
    day.aggregator["readings"].append({**day.aggregator["readings"][0], "sequence": 999})


def forget_on_flash(day):
    del day.devices[2]["signed"][0]


def wipe_the_counters(day):
    day.devices[2]["counters"] = {}


def lose_a_device(day):
    day.devices[:] = [device for device in day.devices if device["name"] != HEATER[0]]


def skip_a_light_block_number(day):
    day.ledger["light_blocks"][3]["number"] = 3000


def hide_a_sealed_reading(day):
    day.ledger["light_blocks"][7]["reading_count"] -= 1


def book_more_demand(day):
    day.ledger["intervals"][9]["demand_wh"] += 1


def book_less_sun(day):
    day.ledger["intervals"][24]["supply_wh"][1] -= 1


def drop_an_interval(day):
    del day.ledger["intervals"][9]


def settle_less(day):
    day.ledger["intervals"][9]["flows"][0]["energy_wh"] -= 1


def leave_unsettled(day):
    day.ledger["intervals"][9]["settled"] = False


def settle_with_another_meter(day):
    flow = next(f for f in day.ledger["intervals"][9]["flows"] if f["consumer"] == identity(METERS[0]))
    flow["consumer"] = identity(METERS[1])


def flow_past_the_meter(day):
    for quarter in day.plant["quarters"]["households"][METERS[3]]:
        quarter[0] += 0.1


def enrich(day):
    day.ledger["wallets"][identity(f"user {METERS[0]}")]["balance_micro"] += 1


def vanish_a_wallet(day):
    del day.ledger["wallets"][identity(f"user {METERS[0]}")]


def err_in_energy(day):
    day.ledger["conservation"]["energy_error_wh"] = -1


def err_in_money(day):
    day.ledger["conservation"]["money_error_micro"] = 1


def post_no_price(day):
    day.ledger["intervals"][9]["price_micro_per_kwh"] = None


def post_two_prices_of_three(day):
    day.ledger["intervals"][9]["price_micro_per_kwh"].pop()


def replay_differs(day):
    day.ledger["recomputed_equal"] = False


def forge_a_receipt(day):
    data = bytearray.fromhex(day.aggregator["receipts"][0]["data"])
    data[-1] ^= 1
    day.aggregator["receipts"][0]["data"] = data.hex()


def sign_a_receipt_for_a_neighbour(day):
    day.aggregator["receipts"][0]["device_id"] = identity(METERS[0])


def obey_without_a_receipt(day):
    device = next(device for device in day.devices if device["name"] == HEATER[0])
    device["counters"]["commands_obeyed"] += 1


def answer_what_was_never_asked(day):
    del day.aggregator["commands"][0]


def obey_after_expiry(day):
    day.aggregator["commands"][0]["expires_s"] = day.aggregator["commands"][0]["issued_s"]


def answer_with_another_action(day):
    day.aggregator["commands"][0]["action"] = 3


def lose_an_answer_on_the_ledger(day):
    day.ledger["decisions"][0]["receipt"] = None


def command_more_than_was_decided(day):
    row = next(c for c in day.aggregator["commands"] if c["device_id"] == identity(BATTERY[0]) and c["value"] > 0)
    row["value"] += 1


def command_without_a_decision(day):
    day.aggregator["commands"][0]["decision_id"] = 99_999


def chatter_by_the_counter(day):
    device = next(device for device in day.devices if device["name"] == HEATER[0])
    device["counters"]["relay_switches_today_max"] = 9


def chatter_by_the_plant(day):
    day.plant["series"]["relay_switches"][HEATER[0]] = 9


def obey_a_replayed_command(day):
    for device in day.devices:
        device["counters"]["commands_replayed"] = 0


def take_a_replayed_bundle(day):
    day.aggregator["refused"]["replayed"] = 0


def validate_another_ledger(day):
    sound = {name: day.ledger[name] for name in ("transactions", "app_hash", "recomputed_equal")}
    day.bench["validators"] = [sound, {**sound, "app_hash": "00" * 32}]


def validate_one_transaction_less(day):
    sound = {name: day.ledger[name] for name in ("transactions", "app_hash", "recomputed_equal")}
    day.bench["validators"] = [{**sound, "transactions": sound["transactions"] - 1}]


def start_one_process_less(day):
    day.bench["micropython_processes"] -= 1


def find_one_image_less(day):
    day.bench["meters"] += 1
    day.bench["micropython_processes"] += 1


def give_up_waiting(day):
    day.bench["tap"]["debts_forgiven"] = 2
    day.bench["faults"] = []


def tell_nobody_of_a_theft(day):
    day.bench["faults"].append(
        {"name": "theft", "at_s": day.bench["start_s"] + 3600, "device": "meter-02", "effect": ""}
    )


def let_a_fault_go_on(day):
    at_s = day.bench["start_s"] + 3600
    day.bench["faults"].append({"name": "overload", "at_s": at_s, "device": "mlmd-01", "effect": "", "lasts_s": 60})
    told = {"device_id": "", "boot": 1, "sequence": 1, "code": "breaker_overload", "subject": "", "value": 0}
    day.aggregator["events"] = [told | {"begin_s": at_s + 100, "end_s": 0, "received_s": at_s + 101}]


def open_the_breaker_late(day):
    day.bench["trips"] = [{"area": "mlmd-01", "at_ms": 0, "latency_ms": 21}]


def pass_the_feeders_limit_alone(day):
    gone = {"name": "aggregator_gone", "at_s": day.bench["start_s"], "device": None, "effect": "", "lasts_s": 7200}
    day.bench["faults"].append(gone)
    day.plant["series"]["feeder_w"][4] = day.plant["series"]["feeder_w_max"] + 1


def played(day, name, device, lasts_s, **more):
    at_s = day.bench["start_s"] + 3600
    fault = {"name": name, "at_s": at_s, "device": device, "effect": "", "lasts_s": lasts_s, **more}
    day.bench["faults"].append(fault)
    return at_s * 1000


def switched(day, device, *moves):
    rows = [{"device": device, "at_ms": at_ms, "on": on} for at_ms, on in moves]
    day.bench["switchings"] = day.bench.get("switchings", []) + rows


def open_a_breaker_for_nothing(day):
    switched(day, "mlmd-01", (day.bench["start_s"] * 1000 + 5_000, False))


def leave_it_closed_at_300_v(day):
    played(day, "overvoltage", "mlmd-01", 20, voltage_v=300.0)


def trip_at_300_v_too_early(day):
    at_ms = played(day, "overvoltage", "mlmd-01", 20, voltage_v=300.0)
    switched(day, "mlmd-01", (at_ms + 1_500, False), (at_ms + 62_000, True))


def reclose_before_the_dead_time(day):
    at_ms = played(day, "undervoltage", "mlmd-01", 10, voltage_v=150.0)
    switched(day, "mlmd-01", (at_ms + 3_000, False), (at_ms + 40_000, True))


def reclose_onto_a_short_circuit_without_a_hand(day):
    at_ms = played(day, "short_circuit", "mlmd-01", 600)
    switched(day, "mlmd-01", (at_ms + 11, False), (at_ms + 60_000, True))


def close_under_a_hand(day):
    at_ms = played(day, "breaker_locked_out", "mlmd-01", 600)
    switched(day, "mlmd-01", (at_ms, False), (at_ms + 300_000, True))


def overlook_a_dip(day):
    played(day, "frequency_dip", None, 8, steps=[[49_700, 8]])


def heat_through_a_dip(day):
    at_ms = played(day, "frequency_dip", None, 20, steps=[[49_100, 20]])
    day.plant["series"]["tank_c"]["meter-04"] = [60.0] * 288
    switched(day, "meter-04", (at_ms - 60_000, True))


def keep_an_area_on_below_48_4_hz(day):
    played(day, "frequency_dip", None, 20, steps=[[48_300, 20]])


def heat_under_a_hand(day):
    at_ms = played(day, "locked_out", "meter-04", 600)
    switched(day, "meter-04", (at_ms + 60_000, True), (at_ms + 61_000, False))


def pass_a_lines_limit_alone(day):
    played(day, "aggregator_gone", None, 7200)
    day.plant["series"]["line_loading_max"][20] = 1.01


def pass_an_areas_limit_alone(day):
    played(day, "aggregator_gone", None, 7200)
    day.plant["series"]["area_w_max"] = {"mlmd-01": 16_000}
    day.plant["series"]["area_w_peak"] = {"mlmd-01": [16_001.0] * 288}


def bill_an_uncertain_reading(day):
    day.aggregator["readings"][5]["records"][0]["flags"] |= TIME_UNCERTAIN


def sign_an_earlier_time(day):
    day.aggregator["readings"][5]["records"][0]["start_s"] -= 900


def obey_late_by_a_clock_that_jumped(day):
    day.bench["faults"].append({"name": "clock_jump", "at_s": day.bench["start_s"], "device": "meter-04", "effect": ""})
    answer = next(row for row in day.aggregator["receipts"] if row["device_id"] == identity("meter-04"))
    answer["received_s"] += 3600


TAMPERED = {
    bill_an_uncertain_reading: "uncertain_readings_are_not_billed",
    sign_an_earlier_time: "signed_time_never_goes_back",
    obey_late_by_a_clock_that_jumped: "jumped_clocks_never_act_late",
    open_a_breaker_for_nothing: "breakers_open_and_close_as_they_must",
    leave_it_closed_at_300_v: "breakers_open_and_close_as_they_must",
    trip_at_300_v_too_early: "breakers_open_and_close_as_they_must",
    reclose_before_the_dead_time: "breakers_open_and_close_as_they_must",
    reclose_onto_a_short_circuit_without_a_hand: "breakers_open_and_close_as_they_must",
    close_under_a_hand: "breakers_open_and_close_as_they_must",
    keep_an_area_on_below_48_4_hz: "breakers_open_and_close_as_they_must",
    overlook_a_dip: "load_is_shed_by_frequency",
    heat_through_a_dip: "load_is_shed_by_frequency",
    heat_under_a_hand: "locked_out_heaters_stay_off",
    pass_a_lines_limit_alone: "lines_are_held_without_their_aggregator",
    pass_an_areas_limit_alone: "lines_are_held_without_their_aggregator",
    sign_one_more: "no_reading_lost",
    lose_the_light_block_on_the_ledger: "no_reading_lost",
    store_twice: "no_reading_duplicated",
    seal_twice: "no_reading_duplicated",
    alter_on_the_way: "no_reading_altered",
    invent: "no_reading_altered",
    forget_on_flash: "devices_remember_what_they_signed",
    wipe_the_counters: "devices_remember_what_they_signed",
    lose_a_device: "every_device_is_a_process",
    skip_a_light_block_number: "light_blocks_hold_the_readings",
    hide_a_sealed_reading: "light_blocks_hold_the_readings",
    book_more_demand: "measured_energy_is_booked",
    book_less_sun: "measured_energy_is_booked",
    drop_an_interval: "measured_energy_is_booked",
    settle_less: "booked_energy_is_settled",
    leave_unsettled: "booked_energy_is_settled",
    settle_with_another_meter: "each_meter_is_settled",
    flow_past_the_meter: "meters_agree_with_the_plant",
    enrich: "money_is_conserved",
    vanish_a_wallet: "money_is_conserved",
    err_in_energy: "ledger_conserves",
    err_in_money: "ledger_conserves",
    validate_another_ledger: "validators_agree",
    validate_one_transaction_less: "validators_agree",
    post_no_price: "prices_are_complete_and_recomputed",
    post_two_prices_of_three: "prices_are_complete_and_recomputed",
    replay_differs: "prices_are_complete_and_recomputed",
    forge_a_receipt: "receipts_are_signed_by_their_device",
    sign_a_receipt_for_a_neighbour: "receipts_are_signed_by_their_device",
    obey_without_a_receipt: "obeyed_commands_have_receipts",
    answer_what_was_never_asked: "receipts_answer_their_command",
    obey_after_expiry: "receipts_answer_their_command",
    answer_with_another_action: "receipts_answer_their_command",
    lose_an_answer_on_the_ledger: "answers_are_on_the_ledger",
    command_more_than_was_decided: "commands_were_decided",
    command_without_a_decision: "commands_were_decided",
    chatter_by_the_counter: "relays_switch_as_the_contract_allows",
    chatter_by_the_plant: "relays_switch_as_the_contract_allows",
    obey_a_replayed_command: "replays_are_refused",
    take_a_replayed_bundle: "replays_are_refused",
    start_one_process_less: "every_device_is_a_process",
    find_one_image_less: "every_device_is_a_process",
    give_up_waiting: "nothing_was_given_up",
    tell_nobody_of_a_theft: "faults_are_told",
    let_a_fault_go_on: "faults_are_told",
    open_the_breaker_late: "breakers_open_in_time",
    pass_the_feeders_limit_alone: "feeder_is_held_without_its_aggregator",
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_tampering_is_seen(day, tamper):
    tamper(day)
    assert TAMPERED[tamper] in broken(day)
    assert not judge(day)["holds"]


def test_every_invariant_is_broken_at_least_once():
    assert set(TAMPERED.values()) == set(CHECKS)


def test_a_forgiven_debt_is_allowed_where_the_broker_was_taken_away(day):
    day.bench["tap"]["debts_forgiven"] = 2
    assert broken(day) == set()


def test_a_power_cut_may_cost_one_counted_reading(day):
    day.devices[1]["boots"] = 2
    day.devices[1]["counters"]["readings_signed"] += 1
    assert broken(day) == set()


def test_a_reading_of_uncertain_time_is_kept_but_not_billed(day):
    """It is on no light block, and in no book: neither lost nor paid for."""
    reading = next(row for row in day.aggregator["readings"] if row["device_id"] == identity("mlmd-01"))
    reading.update(light_block=None, billed=False)
    window = next(b for b in day.ledger["light_blocks"] if b["window_start_s"] == reading["records"][0]["start_s"])
    window["reading_count"] -= 1
    assert broken(day) == set()
    assert judge(day)["readings"]["not_billed"] == 1


def test_figures(sound):
    report = judge(sound)
    assert report["readings"] == {
        "signed": 768,
        "committed": 768,
        "lost": 0,
        "duplicated": 0,
        "refused": 1,
        "refused_by_reason": {"replayed": 1, "bad_signature": 0},
        "not_billed": 0,
    }
    commands = report["commands"]
    assert (commands["issued"], commands["obeyed"], commands["refused"], commands["expired"]) == (144, 143, 1, 0)
    assert commands["refused_by_reason"] == {"comfort_low": 1}
    assert report["prices"] == {"intervals": 48, "types": 3, "recomputed_equal": True}
    assert report["latency_ms"] == {"p50": None, "p99": None}
    assert report["benefit"]["better"] == ["peak_kw", "cost", "self_consumption_pct"]


def test_an_unanswered_command_counts_as_expired(day):
    del day.aggregator["receipts"][0]
    assert judge(day)["commands"]["expired"] == 1


def test_latency_is_given_in_percentiles(day):
    day.bench["latency_ms"] = [float(number) for number in range(100, 0, -1)]
    assert judge(day)["latency_ms"] == {"p50": 51.0, "p99": 100.0}


@pytest.mark.parametrize(
    ("changes", "better", "worse"),
    [
        ({}, [], []),
        ({"peak_kw": -1, "cost": 1}, ["peak_kw"], ["cost"]),
        ({"self_consumption_pct": 1}, ["self_consumption_pct"], []),
        ({"self_consumption_pct": -1}, [], ["self_consumption_pct"]),
    ],
)
def test_what_is_better_and_what_is_worse(changes, better, worse):
    baseline = {"peak_kw": 10.0, "cost": 5.0, "self_consumption_pct": 50.0}
    controlled = {name: value + changes.get(name, 0) for name, value in baseline.items()}
    assert better_in({"baseline": baseline, "controlled": controlled}) == (better, worse)
