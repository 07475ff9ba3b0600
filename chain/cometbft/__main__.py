"""`python -m chain.cometbft HOME SOCKET` answers the CometBFT node in HOME (its proxy_app = unix://SOCKET)."""

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path

from chain.cometbft.application import Application
from chain.cometbft.home import read_validators
from chain.cometbft.server import serve
from chain.errors import LedgerError
from chain.genesis import Genesis


async def run(application: Application, socket: str) -> None:
    """Until SIGINT or SIGTERM; raises what an answer failed with, and then the node stops too."""
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    try:
        await serve(socket, application.handlers)
    finally:
        application.close()


def _rest_collector() -> None:
    """The state and what is remembered have no cycles, and walking them cost an eighth of all time: seldom, then."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m chain.cometbft", description="The ledger behind one CometBFT node."
    )
    parser.add_argument(
        "home", type=Path, metavar="HOME", help="with genesis.toml, config/genesis.json; ledger.sqlite is made there"
    )
    parser.add_argument("socket", metavar="SOCKET", help="path of the Unix socket to answer on")
    parser.add_argument("--snapshot-every", type=int, default=0, metavar="HEIGHTS", help="0, the default: never")
    given = parser.parse_args(arguments)
    try:
        genesis = Genesis.load(given.home / "genesis.toml")
        validators = read_validators(given.home)
        application = Application(given.home / "ledger.sqlite", genesis, validators, given.snapshot_every)
        _rest_collector()
        asyncio.run(run(application, given.socket))
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
