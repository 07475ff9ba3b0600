"""
`python -m chain.cometbft.cluster --out DIR` runs a network of validators on this machine until Ctrl-C, each with a
ledger of its own, and says how far they are. Started again with the same DIR it carries on.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from nacl.signing import SigningKey

from chain.cometbft.errors import CometBftError
from chain.cometbft.home import Node, Place, config, loopback_places, make_homes
from chain.cometbft.network import Network
from chain.cometbft.rpc import Rpc
from chain.errors import LedgerError
from wire.interval import interval_of

NODES_FILE = "cluster.json"
STATUS_S, POLL_S = 1.0, 0.2


def make(out: Path, count: int, sockets: Path, genesis: Path | None) -> list[Node]:
    """The homes of a new network in `out`. Without a genesis one is made, its operator's key in operator.key."""
    out.mkdir(parents=True, exist_ok=True)
    text = genesis.read_text(encoding="utf-8") if genesis else _new_genesis(out / "operator.key")
    nodes = make_homes(out, text, loopback_places(count, sockets))
    rows = [[node.node_id, node.validator.hex()] for node in nodes]
    (out / NODES_FILE).write_text(json.dumps(rows), encoding="utf-8")
    return nodes


def reopen(out: Path, sockets: Path) -> list[Node]:
    """The homes that are in `out` already, on ports that are free today."""
    rows = json.loads((out / NODES_FILE).read_text(encoding="utf-8"))
    places = loopback_places(len(rows), sockets)
    nodes = [
        Node(number, out / f"node{number}", places[number], node_id, bytes.fromhex(validator))
        for number, (node_id, validator) in enumerate(rows)
    ]
    for node in nodes:
        (node.home / "config" / "config.toml").write_text(config(node, nodes), encoding="utf-8")
    return nodes


def _new_genesis(key_file: Path) -> str:
    key = SigningKey.generate()
    key_file.touch(mode=0o600)
    key_file.write_text(bytes(key).hex() + "\n", encoding="utf-8")
    public = bytes(key.verify_key)
    start = interval_of(int(time.time()))
    return f'network_id = "{public[:8].hex()}"\noperator_public_key = "{public.hex()}"\nstart_interval = {start}\n'


def show(places: Sequence[Place], last: str) -> str:
    """Print one line for all nodes when it is another than the last one."""
    line = " | ".join(_status(place) for place in places)
    if line != last:
        print(line, flush=True)
    return line


def _status(place: Place) -> str:
    rpc = Rpc(place.rpc_address)
    try:
        info = rpc.call("status")
        sync, peers = info["sync_info"], rpc.call("net_info")["n_peers"]
        return f"height {sync['latest_block_height']} app {sync['latest_app_hash'][:8].lower() or '-'} peers {peers}"
    except CometBftError:
        return "no answer"
    finally:
        rpc.close()


def _tell(path: Path, addresses: list[str]) -> None:
    """All at once: whoever sees the file can read it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(addresses), encoding="utf-8")
    part.rename(path)


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m chain.cometbft.cluster", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/cluster"), help="where the homes are, or are made")
    parser.add_argument("--nodes", type=int, default=4, choices=range(1, 17), metavar="1..16", help="of a new network")
    parser.add_argument("--genesis", type=Path, help="genesis.toml of a new network; one is made when left out")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="written once all answer: their RPC addresses, JSON")
    parser.add_argument("--snapshot-every", type=int, default=100, metavar="HEIGHTS", help="0: never")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    sockets = Path(tempfile.mkdtemp(prefix="gridtide-"))  # the path of a Unix socket must be short
    try:
        is_known = (given.out / NODES_FILE).is_file()
        nodes = reopen(given.out, sockets) if is_known else make(given.out, given.nodes, sockets, given.genesis)
        _run(nodes, given.snapshot_every, given.ready)
    except (LedgerError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(sockets)
    return 0


def _run(nodes: Sequence[Node], snapshot_every: int, ready: Path | None) -> None:
    with Network(nodes, snapshot_every) as network:
        network.start()
        network.wait_for_height(1)
        if ready is not None:
            _tell(ready, [node.place.rpc_address for node in nodes])
        for node in nodes:
            print(f"node {node.number}: rpc http://{node.place.rpc_address}  home {node.home}", flush=True)
        last, shown_s = "", 0.0
        while True:
            for number in network.revive():
                print(f"node {number} was killed, and is started again", flush=True)
            network.check()
            if time.monotonic() - shown_s >= STATUS_S:
                last, shown_s = show([node.place for node in nodes], last), time.monotonic()
            time.sleep(POLL_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
