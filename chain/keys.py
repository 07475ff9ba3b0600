"""
Which key counted when. A subject's id is for ever, its keys are not: what one signed
before it ended still verifies with it, and only with it.

The ledger's time is the market interval, so that is how finely a key's end is known.
"""

from collections.abc import Iterator
from typing import NamedTuple

from chain.state import FormerKey, Number, State, u32

_NONE = Number(0)


class KeyPeriod(NamedTuple):
    """A key and the last market interval it counts for; None while it counts."""

    public_key: bytes
    until_interval: int | None


def keys_of(state: State, subject_id: bytes) -> list[KeyPeriod]:
    """All keys a subject ever had, the first one first; empty for a stranger."""
    periods = [KeyPeriod(former.public_key, former.until_interval) for former in _former(state, subject_id)]
    subject = state.subjects.get(subject_id)
    if subject is not None and subject_id not in state.revoked:
        periods.append(KeyPeriod(subject.public_key, None))
    return periods


def counted_in(state: State, subject_id: bytes, interval: int) -> list[bytes]:
    """The public keys under which a subject could sign in a market interval: two in the one it changed keys in."""
    begins, found = 0, []
    for period in keys_of(state, subject_id):
        if begins <= interval and (period.until_interval is None or interval <= period.until_interval):
            found.append(period.public_key)
        begins = begins if period.until_interval is None else period.until_interval
    return found


def end(state: State, subject_id: bytes, kind: int, is_lost: bool) -> None:
    """From now on the subject's key is a former one."""
    number = state.keys_ended.get(subject_id, _NONE).number
    key = state.subjects.get(subject_id).public_key
    state.former_keys.put(subject_id + u32(number), FormerKey(key, state.interval, kind, int(is_lost)))
    state.keys_ended.put(subject_id, Number(number + 1))


def still_told_under(state: State, subject_id: bytes, interval: int) -> list[bytes]:
    """
    The former keys under which a subject may still tell what happened in a market interval: those it changed itself.
    It hears of the change some time after the ledger made it, so the interval after it is let through, too.
    """
    former = [one for one in _former(state, subject_id) if not one.is_lost]
    return [one.public_key for one in reversed(former) if interval <= one.until_interval + 1]


def is_measuring(state: State, subject_id: bytes, interval: int) -> bool:
    """Whether what a subject measured in a market interval counts: nothing after the one it was revoked in."""
    if subject_id not in state.revoked:
        return True
    number = state.keys_ended.get(subject_id).number - 1
    return interval <= state.former_keys.get(subject_id + u32(number)).until_interval


def is_spent(state: State, subject_id: bytes, public_key: bytes) -> bool:
    """Whether this is, or once was, the subject's key."""
    return any(period.public_key == public_key for period in keys_of(state, subject_id))


def _former(state: State, subject_id: bytes) -> Iterator[FormerKey]:
    for number in range(state.keys_ended.get(subject_id, _NONE).number):
        yield state.former_keys.get(subject_id + u32(number))
