"""
Whose settlement keys are whose: what the operator and a household can work out, and the ledger must not say. The view
key is the secret the two have in common, with the household's public key: who is given it can follow that household's
money over all periods, and sign nothing.

It runs beside the ledger, never in the state machine: no validator has a secret.
"""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from chain.ledger_file import LedgerFile
from chain.opened import open_transaction
from chain.payout import due
from chain.settlement_key import public_key, shared_secret
from chain.state import State
from wire import kind
from wire.payout import Payout


class ViewKey(NamedTuple):
    """secret: 32 bytes, of operator and household; public_key: the household's, 32 bytes."""

    secret: bytes
    public_key: bytes

    @property
    def household_id(self) -> bytes:
        """As long as the household has the key it was registered with."""
        return sha256(self.public_key).digest()[:8]

    @property
    def text(self) -> str:
        """As it is handed to whom one likes, in a file."""
        return json.dumps({"secret": self.secret.hex(), "public_key": self.public_key.hex()})

    def key(self, period: int, number: int) -> bytes:
        """The public key of one of its settlement keys."""
        return public_key(self.secret, self.public_key, period, number)


class Holding(NamedTuple):
    """One settlement key of a household, as it was announced."""

    period: int
    number: int
    key_id: bytes
    unit_micro: int  # negative: owed


def view_key(seed: bytes, other_public_key: bytes, household_public_key: bytes) -> ViewKey:
    """Made by either of the two. seed: one's own; other_public_key: the other's."""
    return ViewKey(shared_secret(seed, other_public_key), household_public_key)


def read_view(path: Path) -> ViewKey:
    """The view key in a file. Raises ValueError."""
    try:
        told: dict[str, Any] = json.loads(path.read_text())
        return ViewKey(bytes.fromhex(told["secret"]), bytes.fromhex(told["public_key"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no view key: {error}") from error


def compose(
    state: State, operator_seed: bytes, nonce: int, period: int, unit_micro: int, share: int = 0, shares: int = 1
) -> Payout:
    """The Payout that is due now. It is made of a set of keys: it would be the same whosever each of them was."""
    credited: list[bytes] = []
    debited: list[bytes] = []
    for account, count in due(state, unit_micro, share, shares).items():
        owner = state.subjects.get(account).public_key
        view = view_key(operator_seed, owner, owner)
        keys = credited if count > 0 else debited
        keys += [view.key(period, number) for number in range(abs(count))]
    return Payout(nonce, period, unit_micro, share, shares, tuple(sorted(credited)), tuple(sorted(debited)))


def payouts(file: LedgerFile) -> Iterator[Any]:
    """Every Payout that was applied, in order. Raises LedgerCorrupt."""
    for block in file.blocks():
        for transaction, status in zip(block.transactions, block.statuses, strict=True):
            opened = open_transaction(transaction)
            if not status and opened.envelope is not None and opened.envelope.kind == kind.PAYOUT:
                yield opened.content


def holdings(announced: Iterable[Any], view: ViewKey) -> list[Holding]:
    """All settlement keys of a household among what was paid out; its numbers of a period have no gap."""
    found = []
    for payout in announced:
        credited, debited = frozenset(payout.credited), frozenset(payout.debited)
        number = 0
        while (key := view.key(payout.period, number)) in credited or key in debited:
            key_id = sha256(key).digest()[:8]
            unit = payout.unit_micro if key in credited else -payout.unit_micro
            found.append(Holding(payout.period, number, key_id, unit))
            number += 1
    return found
