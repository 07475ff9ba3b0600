"""
What killing showed, judged from outside: an oracle that was told of every acknowledgement holds the ledgers against
its list. Who kills and under what load is the engines' own (tests/cloud/kills.py, tests/cometbft/kills.py).
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.status import Status
from chain.verify import verify

BACK_S = 5.0  # promise R1, on a machine that has nothing else to do: shown, not asserted
ALL = 200  # kills, with EXHAUSTIVE=1


class Verdict(NamedTuple):
    """lost: acknowledged, and on one of the ledgers not applied. duplicated: applied twice. faults: `verify`'s."""

    lost: int
    duplicated: int
    faults: tuple[str, ...]
    app_hashes: frozenset[bytes]

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.duplicated or self.faults) and len(self.app_hashes) == 1


class Outcome(NamedTuple):
    """back_s: from each restart until it served again, ascending."""

    kills: Counter[str]  # by what was killed
    acknowledged: int
    back_s: Sequence[float]
    verdict: Verdict

    def __str__(self) -> str:
        killed = ", ".join(f"{count} {name}" for name, count in sorted(self.kills.items()))
        lost, duplicated, faults, _ = self.verdict
        middle, worst = self.back_s[len(self.back_s) // 2], self.back_s[-1]
        late = sum(took > BACK_S for took in self.back_s)
        return (
            f"{self.kills.total()} kills ({killed}): {self.acknowledged} acknowledged, {lost} lost, "
            f"{duplicated} duplicated, {len(faults)} half blocks or other faults; "
            f"back in {middle:.2f} s, {worst:.2f} s at most, {late} later than {BACK_S:.0f} s"
        )


def count(sampled: int) -> int:
    return ALL if os.environ.get("EXHAUSTIVE") else sampled


def judge(ledgers: Iterable[Path], genesis: Genesis, acknowledged: set[bytes]) -> Verdict:
    lost = duplicated = 0
    faults: list[str] = []
    app_hashes = set()
    for path in ledgers:
        applied = _applied(path)
        lost += len(acknowledged - applied.keys())
        duplicated += sum(times > 1 for times in applied.values())
        verified = verify(path, genesis)
        faults += verified.faults
        app_hashes.add(verified.state.app_hash)
    return Verdict(lost, duplicated, tuple(faults), frozenset(app_hashes))


def _applied(path: Path) -> Counter[bytes]:
    """How often each transaction was applied, by the ledger's own blocks."""
    times: Counter[bytes] = Counter()
    file = LedgerFile(path, is_writing=False)
    try:
        for block in file.blocks():
            for transaction, status in zip(block.transactions, block.statuses, strict=True):
                times[transaction] += Status(status) is Status.APPLIED
    finally:
        file.close()
    return times
