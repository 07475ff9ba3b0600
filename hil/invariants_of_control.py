"""
Invariants of control: nothing acts but on a decision, within its time and its contract, and every act is answered for.
One check per promise; docs/report.md names them.
"""

from collections import Counter
from collections.abc import Iterable

from hil.consequences import refused
from hil.evidence import Evidence
from hil.receipts import opened
from wire import receipt

Faults = Iterable[str]


def receipts_are_signed_by_their_device(evidence: Evidence) -> Faults:
    """Every receipt holds against the key its device has on the ledger."""
    yield from opened(evidence)[1]


def obeyed_commands_have_receipts(evidence: Evidence) -> Faults:
    """For every command a device says it obeyed there is its verified receipt."""
    receipts = Counter(answer.device_id for answer in opened(evidence)[0] if answer.is_obeyed)
    for device in evidence.devices:
        obeyed, answered = device["counters"].get("commands_obeyed", 0), receipts[device["device_id"]]
        if answered < obeyed:
            yield f"{device['name']} obeyed {obeyed} commands, {answered} receipts came"


def receipts_answer_their_command(evidence: Evidence) -> Faults:
    """Each receipt names a command that was issued to that device and was obeyed before it expired."""
    commands = {(command["device_id"], command["sequence"]): command for command in evidence.aggregator["commands"]}
    for device_id, answer in opened(evidence)[0]:
        who = evidence.names().get(device_id, device_id)
        command = commands.get((device_id, answer.command_sequence))
        if command is None:
            yield f"{who}: a receipt for command {answer.command_sequence}, which was never issued"
        elif answer.outcome == receipt.OBEYED:
            if (answer.action, answer.decision_id) != (command["action"], command["decision_id"]):
                yield f"{who}: command {answer.command_sequence} was answered by another action"
            if answer.acted_s >= command["expires_s"]:
                yield f"{who}: command {answer.command_sequence} was obeyed after it had expired"


def answers_are_on_the_ledger(evidence: Evidence) -> Faults:
    """What a device answered to a decision is what the ledger has as its answer."""
    recorded = {decision["decision_id"]: decision["receipt"] for decision in evidence.ledger["decisions"]}
    for device_id, answer in opened(evidence)[0]:
        on_ledger = recorded.get(answer.decision_id)
        if answer.decision_id and answer.outcome == receipt.OBEYED and (on_ledger or {}).get("outcome") != "obeyed":
            who = evidence.names().get(device_id, device_id)
            yield f"{who} obeyed decision {answer.decision_id}, the ledger does not know"


def commands_were_decided(evidence: Evidence) -> Faults:
    """Each command but edge control's own carries out a decision on the ledger, to the letter."""
    decisions = {decision["decision_id"]: decision for decision in evidence.ledger["decisions"]}
    for command in evidence.aggregator["commands"]:
        if not command["decision_id"]:
            continue
        decision = decisions.get(command["decision_id"])
        fields = ("device_id", "action", "value")
        if decision is None or any(decision[field] != command[field] for field in fields):
            who = evidence.names().get(command["device_id"], command["device_id"])
            yield f"{who}: command {command['sequence']} is not what decision {command['decision_id']} says"


def relays_switch_as_the_contract_allows(evidence: Evidence) -> Faults:
    """No relay switched more often in a day than its contract allows, by the device's count and by the plant's."""
    devices = {device["device_id"]: device for device in evidence.devices}
    for contract in evidence.ledger["contracts"]:
        if contract["kind"] != "deferrable":
            continue
        device = devices.get(contract["device_id"])
        if device is None:
            yield f"{contract['device_id']} has a contract and no flash image"
            continue
        counted = device["counters"].get("relay_switches_today_max", 0)
        seen = evidence.plant["series"]["relay_switches"].get(device["name"], 0)
        allowed = contract["terms"]["switches_per_day_max"]
        if max(counted, seen) > allowed:
            yield f"{device['name']}: {counted} switches counted, {seen} seen by the plant, {allowed} allowed"


def replays_are_refused(evidence: Evidence) -> Faults:
    """Every captured command that was sent again was refused by its device, every bundle by the aggregator."""
    sent, recognised = evidence.bench["replays"], refused(evidence)
    for kind, places in (("command", ("air/command", "mqtt/command")), ("reading", ("mqtt/bundle",))):
        count = sum(sent.get(place, 0) for place in places)
        if recognised[kind] < count:
            yield f"{count} captured messages with a {kind} were sent again, {recognised[kind]} were recognised"
