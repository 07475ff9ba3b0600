"""Real networks for the tests marked `real`: homes, processes and their end, and the log they are fed with."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.cometbft import program
from chain.cometbft.errors import NoCometBft
from chain.cometbft.home import Node, loopback_places, make_homes
from chain.cometbft.network import Network
from chain.genesis import Genesis
from chain.order import order
from chain.status import Status
from tests.chain.world import World


def need_cometbft() -> None:
    """Skips the test where the program is missing; in CI a test that cannot run must not pass for one that did."""
    try:
        program.find()
    except NoCometBft as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def genesis_text(genesis: Genesis) -> str:
    text = f'network_id = "{genesis.network_id.hex()}"\nstart_interval = {genesis.start_interval}\n'
    return text + f'operator_public_key = "{genesis.operator_public_key.hex()}"\n'


@contextmanager
def homes(directory: Path, genesis: Genesis, count: int, validators: int | None = None) -> Iterator[list[Node]]:
    sockets = Path(tempfile.mkdtemp(prefix="abci-"))  # its path must be short
    try:
        yield make_homes(directory / "nodes", genesis_text(genesis), loopback_places(count, sockets), validators)
    finally:
        shutil.rmtree(sockets)


@contextmanager
def running(nodes: list[Node], snapshot_every: int = 0) -> Iterator[Network]:
    with Network(nodes, snapshot_every) as network:
        network.start()
        network.wait_for_height(1)
        yield network


def applied(world: World) -> list[bytes]:
    return [one for one, status in zip(world.log, world.statuses, strict=True) if status is Status.APPLIED]


def runs(log: list[bytes]) -> list[list[bytes]]:
    """The log in pieces that each are in the order of a block, as they would be submitted one after the other."""
    pieces: list[list[bytes]] = [[]]
    for transaction in log:
        if order([*pieces[-1], transaction]) != [*pieces[-1], transaction]:
            pieces.append([])
        pieces[-1].append(transaction)
    return pieces
