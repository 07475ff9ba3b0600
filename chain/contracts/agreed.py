"""
When a contract says what: every opening, amendment and closing makes a version with the intervals it was in force.

It begins with the open interval while that has no prices yet, else with the next one: nobody changes what they want of
an interval once its prices are known. Of several in one interval the last counts.
"""

from chain.contracts.terms import contract_key
from chain.state import Agreement, State, u32
from chain.version import FOR_EVER, Latest, Version

NOTHING = Latest(0, 0)


def begin(state: State, contract_id: int, agreement: Agreement) -> None:
    """From now on `agreement` is in force under this id: opened, or amended."""
    place = contract_key(agreement.device_id, agreement.contract_kind)
    before: Latest = state.latest_versions.get(place, NOTHING)
    number = before.version + 1 if before.contract_id == contract_id else 1
    end(state, agreement)
    version = Version(_since(state), FOR_EVER, agreement.terms, agreement.energy_types, *before)
    state.versions.put(u32(contract_id) + u32(number), version)
    state.latest_versions.put(place, Latest(contract_id, number))


def end(state: State, agreement: Agreement) -> None:
    """The version in force of what is agreed for this device and kind is so no longer."""
    key = _key(state.latest_versions.get(contract_key(agreement.device_id, agreement.contract_kind), NOTHING))
    version: Version | None = state.versions.get(key)
    if version is not None and version.until_interval == FOR_EVER:
        state.versions.put(key, version._replace(until_interval=max(version.since_interval, _since(state))))


def in_force(state: State, device_id: bytes, contract_kind: int, interval: int) -> Version | None:
    """What was agreed for this interval; None for nothing."""
    at: Latest = state.latest_versions.get(contract_key(device_id, contract_kind), NOTHING)
    while at.version:
        version: Version = state.versions.get(_key(at))
        if version.since_interval <= interval:
            return version if interval < version.until_interval else None
        at = Latest(version.before_contract_id, version.before_version)
    return None


def _key(latest: Latest) -> bytes:
    return u32(latest.contract_id) + u32(latest.version)


def _since(state: State) -> int:
    return state.interval + (u32(state.interval) in state.prices)
