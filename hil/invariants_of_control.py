"""
Invariants of control: nothing acts but on a decision, within its time and its contract, and every act is answered for.
One check per promise; docs/report.md names them.
"""

from collections import Counter
from collections.abc import Iterable

from hil.evidence import Evidence
from wire import contract as contracts
from wire import receipt

Faults = Iterable[str]


def obeyed_commands_have_receipts(evidence: Evidence) -> Faults:
    """As many verified receipts as commands the device says it obeyed."""
    receipts: Counter[str] = Counter()
    for answer in evidence.aggregator["receipts"]:
        receipts[answer["device_id"]] += answer["outcome"] == receipt.OBEYED
    for device in evidence.devices:
        obeyed, answered = device["counters"]["commands_obeyed"], receipts[device["device_id"]]
        if answered < obeyed:
            yield f"{device['name']} obeyed {obeyed} commands, {answered} receipts came"


def receipts_answer_their_command(evidence: Evidence) -> Faults:
    """Each receipt names a command that was issued to that device, and was acted on while the command was valid."""
    commands = {(command["device_id"], command["sequence"]): command for command in evidence.aggregator["commands"]}
    for answer in evidence.aggregator["receipts"]:
        who = evidence.names().get(answer["device_id"], answer["device_id"])
        command = commands.get((answer["device_id"], answer["command_sequence"]))
        if command is None:
            yield f"{who}: a receipt for command {answer['command_sequence']}, which was never issued"
        elif answer["outcome"] == receipt.OBEYED:
            if answer["action"] != command["action"]:
                yield f"{who}: command {command['sequence']} was answered by another action"
            if not command["not_before_s"] <= answer["acted_s"] < command["expires_s"]:
                yield f"{who}: command {command['sequence']} was acted on outside its time"


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
    for contract in evidence.ledger["contracts"]:
        if contract["contract_kind"] != contracts.DEFERRABLE:
            continue
        terms = dict(zip(contracts.TERMS[contracts.DEFERRABLE], contract["terms"], strict=True))
        device = next(device for device in evidence.devices if device["device_id"] == contract["device_id"])
        counted = device["counters"]["relay_switches_today_max"]
        seen = evidence.plant["relay_switches"].get(device["name"], 0)
        if max(counted, seen) > terms["switches_per_day_max"]:
            allowed = f"{terms['switches_per_day_max']} allowed"
            yield f"{device['name']}: {counted} switches counted, {seen} seen by the plant, {allowed}"


def replays_are_refused(evidence: Evidence) -> Faults:
    """Every captured message that was sent a second time was refused."""
    for kind, replay in evidence.bench["replays"].items():
        if replay["refused"] != replay["sent"]:
            yield f"{replay['sent']} replayed {kind} sent, {replay['refused']} refused"
