"""
One or more messages of every kind for the test vectors, written out by hand: the fields in
wire order, so that nothing here is taken from the code under test.

A message is (name, kind, typ, signer, fields); a record inside one is a dict again.
"""

T = 1_795_305_600  # 2026-11-22 00:00 UTC, the start of a window and of a market interval
INTERVAL = T // 1800
U8, U16, U32, U48, U62 = 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**48 - 1, 2**62 - 1
I32_MIN, I32_MAX, UTC_MAX = -(2**31), 2**31 - 1, 2**34 - 1


def _record(start_s=T, **changes):
    record = {
        "start_s": start_s,
        "duration_s": 900,
        "consumed_wh": 412,
        "produced_wh": 0,
        "charged_wh": 150,
        "discharged_wh": 23,
        "consumed_total_wh": 12_345_678,
        "produced_total_wh": 4_567_890,
        "charged_total_wh": 345_678,
        "discharged_total_wh": 301_234,
        "voltage_mv": 231_480,
        "power_w": -1_530,
        "frequency_mhz": 49_987,
        "temperature_mc": 54_250,
        "soc_permille": 640,
        "relays": 1,
        "flags": 3,
    }
    assert changes.keys() <= record.keys()
    return record | changes


_LARGEST_RECORD = {
    "start_s": UTC_MAX,
    "duration_s": 3600,
    "consumed_wh": U32,
    "produced_wh": U32,
    "charged_wh": U32,
    "discharged_wh": U32,
    "consumed_total_wh": U48,
    "produced_total_wh": U48,
    "charged_total_wh": U48,
    "discharged_total_wh": U48,
    "voltage_mv": U32,
    "power_w": I32_MIN,
    "frequency_mhz": U32,
    "temperature_mc": I32_MIN,
    "soc_permille": 1000,
    "relays": U8,
    "flags": U16,
}


def readings():
    sixteen = [_record(T + 900 * i, consumed_total_wh=12_345_678 + 412 * i) for i in range(16)]
    return [
        ("reading, one record", "reading", 65001, "meter", {"boot": 3, "sequence": 70_000, "records": [_record()]}),
        ("reading, zeros", "reading", 65001, "meter", {"boot": 0, "sequence": 0, "records": [_zero_record()]}),
        ("reading, 16 records", "reading", 65001, "meter", {"boot": 3, "sequence": 70_001, "records": sixteen}),
        (
            "reading, largest with one record",
            "reading",
            65001,
            "mlmd",
            {"boot": U32, "sequence": U32, "records": [_LARGEST_RECORD]},
        ),
        (
            "reading, largest",
            "reading",
            65001,
            "mlmd",
            {"boot": U32, "sequence": U32, "records": [_LARGEST_RECORD] * 60},
        ),
    ]


def _zero_record():
    return dict.fromkeys(_record(), 0) | {"duration_s": 1}


def to_devices(ids):
    entry = {"device_id": ids["meter"], "boot": 3, "first_sequence": 69_990, "last_sequence": 70_000}
    largest_entry = {"device_id": ids["meter"], "boot": U32, "first_sequence": U32, "last_sequence": U32}
    command = {
        "device_id": ids["meter"],
        "sequence": 17,
        "decision_id": 901,
        "contract_id": 12,
        "height": 4_801,
        "not_before_s": T,
        "expires_s": T + 2100,
        "action": 1,
        "value": 0,
    }
    largest_command = {"device_id": ids["meter"], "sequence": U32, "decision_id": U62, "contract_id": U32}
    largest_command |= {"height": U32, "not_before_s": UTC_MAX, "expires_s": UTC_MAX, "action": U8, "value": I32_MIN}
    acknowledgement = ("acknowledgement", 65003, "aggregator")
    return [
        ("acknowledgement", *acknowledgement, {"issued_s": T + 903, "entries": [entry]}),
        ("acknowledgement, largest", *acknowledgement, {"issued_s": UTC_MAX, "entries": [largest_entry] * 6}),
        ("command, relay off", "command", 65005, "aggregator", command),
        ("command, battery to discharge", "command", 65005, "aggregator", command | {"action": 2, "value": -2_500}),
        ("command, largest", "command", 65005, "aggregator", largest_command),
        ("time", "time", 65017, "mlmd", {"time_s": T + 5, "challenge": bytes(range(8))}),
        ("time, largest", "time", 65017, "aggregator", {"time_s": UTC_MAX, "challenge": bytes([U8] * 8)}),
    ]


def from_devices(ids, signed_reading, command_digest):
    load = {"boot": 3, "sequence": 9, "measured_s": T, "power_w": 18_400, "voltage_mv": 229_100}
    load |= {"frequency_mhz": 49_991, "power_w_max": 25_000}
    largest_load = dict.fromkeys(load, U32) | {"measured_s": UTC_MAX, "power_w": I32_MIN}
    receipt = {"boot": 3, "sequence": 4, "command_sequence": 17, "decision_id": 901, "command_digest": command_digest}
    receipt |= {"acted_s": T + 1, "outcome": 1, "reason": 0, "action": 1, "value": 0, "power_w": 380}
    receipt |= {"temperature_mc": 54_250, "soc_permille": 640, "relays": 0}
    refused = receipt | {"sequence": 5, "outcome": 2, "reason": 6, "relays": 1}
    largest_receipt = receipt | {"boot": U32, "sequence": U32, "command_sequence": U32, "decision_id": U62}
    largest_receipt |= {"acted_s": UTC_MAX, "outcome": U8, "reason": U8, "action": U8, "value": I32_MIN}
    largest_receipt |= {"power_w": I32_MIN, "temperature_mc": I32_MIN, "soc_permille": 1000, "relays": U8}
    event = {"boot": 3, "sequence": 2, "begin_s": T + 60, "end_s": 0, "code": 1, "subject": ids["meter"]}
    event |= {"value": 1_980}
    largest_event = {"boot": U32, "sequence": U32, "begin_s": UTC_MAX, "end_s": UTC_MAX, "code": U8}
    largest_event |= {"subject": bytes([U8] * 8), "value": I32_MIN}
    firmware = {"role": 2, "board": b"esp32_devkit", "version": 7, "issued_s": T, "expires_s": T + 864_000}
    firmware |= {"size": 104_729, "sha256": bytes(range(32)), "first_piece": bytes(range(32, 64))}
    largest_firmware = {"role": U8, "board": bytes([U8] * 16), "version": I32_MAX, "issued_s": UTC_MAX}
    largest_firmware |= {"expires_s": UTC_MAX, "size": 2**20, "sha256": bytes([U8] * 32), "first_piece": bytes(32)}
    headroom = {"boot": 3, "sequence": 5, "measured_s": T + 60, "power_w": -1_200, "need_w": 3_400}
    headroom |= {"power_w_max": 25_000}
    largest_headroom = dict.fromkeys(headroom, U32) | {"measured_s": UTC_MAX, "power_w": I32_MIN}
    bundle = {"boot": 2, "sequence": 88, "sent_s": T + 903, "readings": [signed_reading]}
    return [
        ("bundle", "bundle", 65002, "mlmd", bundle),
        ("load", "load", 65004, "mlmd", load),
        ("load, largest", "load", 65004, "mlmd", largest_load),
        ("receipt, obeyed", "receipt", 65006, "meter", receipt),
        ("receipt, refused", "receipt", 65006, "meter", refused),
        ("receipt, largest", "receipt", 65006, "meter", largest_receipt),
        ("event, a meter fell silent", "event", 65018, "mlmd", event),
        (
            "event, ended",
            "event",
            65018,
            "mlmd",
            event | {"sequence": 3, "end_s": T + 1_980, "subject": b"", "code": 10},
        ),
        ("event, largest", "event", 65018, "mlmd", largest_event),
        ("firmware", "firmware", 65020, "operator", firmware),
        ("firmware, largest", "firmware", 65020, "operator", largest_firmware),
        ("headroom", "headroom", 65019, "mlmd", headroom),
        ("headroom, largest", "headroom", 65019, "mlmd", largest_headroom),
    ]


def of_the_ledger(ids):
    entry = {"device_id": ids["meter"], "boot": 3, "sequence": 70_000, "consumed_wh": 412, "produced_wh": 0}
    entry |= {"charged_wh": 150, "discharged_wh": 23, "temperature_mc": 54_250, "soc_permille": 640}
    entry |= {"relays": 1, "flags": 3}
    light_block = {"number": 1, "previous_hash": bytes(32), "area_id": ids["aggregator"], "window_start_s": T}
    light_block |= {"part": 0, "reading_count": 1, "merkle_root": bytes(range(32)), "area_wh": -120, "entries": [entry]}
    supply = {"nonce": 1, "contract_id": 11, "contract_kind": 1, "device_id": ids["meter"], "terms": [400_000]}
    supply |= {"energy_types": [1, 2, 0]}
    terms = [2_000, 50_000, 65_000, 1, 1, 12, 950, 1_050, 13, 60_000]
    deferrable = supply | {"nonce": 2, "contract_id": 12, "contract_kind": 2, "terms": terms, "energy_types": []}
    registration = {"nonce": 1, "subject_id": ids["meter"], "role": 2, "public_key": ids["meter key"]}
    registration |= {"owner_id": ids["user"], "area_id": ids["aggregator"], "energy_type": 1}
    rotation = {"made_s": T + 60, "subject_id": ids["meter"], "public_key": bytes(range(32))}
    by_operator = rotation | {"proof": b""}
    rotation |= {"proof": bytes(range(64))}
    notice = {"number": 4_801, "subject_id": ids["meter"], "public_key": bytes(range(32))}
    revocation = {"nonce": 2, "subject_id": ids["meter"], "reason": 1}
    price = {"nonce": 5, "interval": INTERVAL, "price_micro_per_kwh": [310_000, 120_500, 205_000]}
    boxes = {"for_user": bytes(range(64)), "for_operator": bytes(range(64, 128))}
    anchor = {"nonce": 1, "ledger_id": bytes(range(8)), "first_day": 20_777, "last_day": 20_777, "plant_count": 30}
    member = {"nonce": 1, "member_id": ids["user"], "public_key": bytes(range(32)), "rights": 3, "kinds": [65027]}
    member |= {"group_key": bytes(range(80))}
    offer = {"nonce": 1, "stream": b"elec-market-open", "direction": 0, "energy_wh": 2_300, "money_micro": 252_667}
    offer |= {"first_interval": INTERVAL + 2, "last_interval": INTERVAL + 3, "baseline_intervals": 4}
    offer |= {"expires_interval": INTERVAL + 2}
    accepted = {"nonce": 1, "offer_id": bytes(range(8)), "device_id": ids["meter"], "energy_wh": 2_300}
    accepted |= {"money_micro": 252_667}
    leaf = {"reading": bytes(range(40)), "index": 3, "path": [bytes(range(32)), bytes(32)]}
    evidence = {"nonce": 1, "light_block": bytes(range(40)), "contrary": b"", "device_id": ids["meter"]}
    weight = {"nonce": 1, "validator_key": bytes(range(32)), "organisation_id": ids["user"], "weight": 100}
    payout = {"nonce": 5, "period": INTERVAL // 48, "unit_micro": 500_000, "share": 0, "shares": 1}
    payout |= {"credited": [bytes(range(32)), bytes(range(1, 33))], "debited": [bytes(range(2, 34))]}
    transfer = {"nonce": 1, "to_id": ids["user"], "money_micro": 250_000}
    reading_ask = {"asker_id": bytes(range(8)), "device_id": ids["meter"], "window_start_s": T - T % 900}
    reading_ask |= {"public_key": bytes(range(32))}
    votes = {"nonce": 1, "validator_key": bytes(range(32)), "first": bytes(range(40)), "first_signature": bytes(64)}
    votes |= {"second": bytes(range(41)), "second_signature": bytes([1] * 64)}
    strategy = {"issued_s": T, "report_s": 300, "feeder_power_w_max": 160_000}
    area_load = {"area_id": ids["aggregator"], "measured_s": T, "power_w": 91_200, "power_w_max": 120_000, "shed_w": 0}
    return [
        ("light block", "light_block", 65007, "aggregator", light_block),
        ("price", "price", 65008, "cloud", price),
        ("contract, supply", "contract", 65009, "user", supply),
        ("contract, deferrable", "contract", 65009, "user", deferrable),
        ("close contract", "close_contract", 65010, "user", {"nonce": 3, "contract_id": 12}),
        ("registration", "registration", 65011, "operator", registration),
        ("advance", "advance", 65012, "cloud", {"nonce": 3, "interval": INTERVAL}),
        ("settlement", "settlement", 65013, "cloud", {"nonce": 4, "interval": INTERVAL - 1}),
        ("rotation", "rotation", 65023, "meter", rotation),
        ("rotation, by the operator", "rotation", 65023, "operator", by_operator),
        ("key notice", "key_notice", 65025, "aggregator", notice),
        ("revocation", "revocation", 65024, "operator", revocation),
        ("profile", "profile", 65026, "user", {"nonce": 4} | boxes),
        ("anchor", "anchor", 65027, "operator", anchor | {"hash_g": bytes(range(32))}),
        ("membership", "membership", 65028, "operator", member),
        ("offer", "offer", 65029, "user", offer),
        ("acceptance", "acceptance", 65030, "meter", accepted),
        ("release", "release", 65031, "user", {"nonce": 2, "offer_id": bytes(range(8))}),
        ("evidence, a reading", "evidence", 65032, "user", evidence | {"leaves": [leaf]}),
        ("evidence, two light blocks", "evidence", 65032, "user", evidence | {"contrary": b"\1", "leaves": []}),
        ("weight", "weight", 65033, "operator", weight),
        ("double vote", "double_vote", 65038, "user", votes),
        ("payout", "payout", 65035, "operator", payout),
        ("transfer", "transfer", 65036, "user", transfer),
        ("reading ask", "reading_ask", 65037, "user", reading_ask),
        ("strategy", "strategy", 65015, "cloud", strategy),
        ("area load", "area_load", 65016, "aggregator", area_load),
    ]


def block(ids, transactions, root):
    decision = {"decision_id": 901, "contract_id": 12, "device_id": ids["meter"], "area_id": ids["aggregator"]}
    decision |= {"interval": INTERVAL, "action": 1, "value": 0, "reason": 0}
    fields = {"height": 4_801, "interval": INTERVAL, "previous_hash": bytes([7] * 32), "transactions_root": root}
    fields |= {"app_hash": bytes([9] * 32), "transactions": transactions, "statuses": [0] * len(transactions)}
    return ("block", "block", 65014, "cloud", fields | {"decisions": [decision]})


def header(root):
    fields = {"height": 4_801, "interval": INTERVAL, "previous_hash": bytes([6] * 32), "transactions_root": root}
    fields |= {"outcomes_root": bytes([5] * 32), "decisions_root": bytes([4] * 32), "app_hash": bytes([9] * 32)}
    return ("header", "header", 65034, "cloud", fields)
