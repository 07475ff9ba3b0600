"""
R16: one log, one app hash. The blocks of a ledger are applied anew on both engines, each to a new file, under several
PYTHONHASHSEEDs and every Python there is, and replayed as `gridtide ledger verify` does.

    python -m tests.one_log out/hil/services/ledger.sqlite out/hil/services/genesis.toml
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chain.embedded import EmbeddedLedger
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile
from chain.verify import verify
from tests.cometbft.node import Node

TOP = Path(__file__).parents[1]
HASH_SEEDS = ("0", "1", "2", "4711", "4294967295")
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")


def blocks(path: Path) -> Iterator[tuple[bytes, ...]]:
    file = LedgerFile(path, is_writing=False)
    try:
        yield from [stored.transactions for stored in file.blocks()]
    finally:
        file.close()


def embedded(path: Path, genesis: Genesis, directory: Path) -> bytes:
    ledger = EmbeddedLedger.open(directory / "ledger.sqlite", genesis)
    for transactions in blocks(path):
        ledger.commit(transactions)
    ledger.close()
    return ledger.app_hash


def validated(path: Path, genesis: Genesis, directory: Path) -> bytes:
    """By what CometBFT asks of a validator: what was proposed, accepted, finalized and committed."""
    node = Node(directory / "node", genesis)
    for transactions in blocks(path):
        assert node.accepts(transactions)
        node.decide(transactions)
    node.application.close()
    return node.app_hash


def app_hashes(path: Path, genesis: Genesis) -> dict[str, str]:
    """By the way it was come to, in this process."""
    directory = Path(tempfile.mkdtemp(prefix="one-log-"))
    try:
        hashes = {"embedded": embedded(path, genesis, directory), "CometBFT": validated(path, genesis, directory)}
    finally:
        shutil.rmtree(directory)
    replayed = verify(path, genesis)
    assert not replayed.faults, replayed.faults
    return {name: digest.hex() for name, digest in {**hashes, "replay": replayed.state.app_hash}.items()}


def pythons() -> list[str]:
    """This one, and each other version on this machine that has what the ledger needs."""
    found = [sys.executable]
    for name in PYTHONS:
        command = shutil.which(name)
        if command and name != f"python3.{sys.version_info.minor}" and _can(command):
            found.append(command)
    return found


def _can(command: str) -> bool:
    return subprocess.run([command, "-c", "import cbor2, nacl"], capture_output=True, check=False).returncode == 0


def everywhere(path: Path, genesis: Path) -> list[tuple[str, str]]:
    """(configuration, app hash), of each."""
    rows = []
    for python in pythons():
        for seed in HASH_SEEDS:
            run = [python, "-m", "tests.one_log", "--here", str(path.resolve()), str(genesis.resolve())]
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            done = subprocess.run(run, cwd=TOP, env=environment, capture_output=True, text=True, check=True)
            for line in done.stdout.splitlines():
                name, digest = line.rsplit(" ", 1)
                rows.append((f"{Path(python).name}, PYTHONHASHSEED={seed}, {name}", digest))
    return rows


def main(arguments: list[str]) -> int:
    if arguments[0] == "--here":
        ledger, genesis = map(Path, arguments[1:])
        for name, digest in app_hashes(ledger, Genesis.load(genesis)).items():
            print(name, digest)
        return 0
    rows = everywhere(*map(Path, arguments))
    for configuration, digest in rows:
        print(f"{digest}  {configuration}")
    return 0 if len({digest for _, digest in rows}) == 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
