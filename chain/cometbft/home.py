"""
A home is the directory of one CometBFT node: its keys, the genesis all nodes share, and its settings, made for a lab
on one machine. The ledger's own files stand beside CometBFT's.
"""

import base64
import json
import socket
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from nacl.signing import SigningKey

from chain.cometbft.application import app_state, chain_id
from chain.errors import LedgerError
from chain.genesis import Genesis

POWER = 10  # of each validator at the start
BLOCK_BYTES_MAX = 6 << 20  # a published block (wire/block.py) must hold it


class Place(NamedTuple):
    """Where a node listens. peer: host:port for the other nodes; rpc, application: as CometBFT writes addresses."""

    peer: str
    rpc: str
    application: str

    @property
    def rpc_address(self) -> str:
        """As chain/cometbft/rpc.py takes it."""
        scheme, _, rest = self.rpc.partition("://")
        return f"unix:{rest}" if scheme == "unix" else rest


class Node(NamedTuple):
    """One node's home. validator: its public key, 32 bytes."""

    number: int
    home: Path
    place: Place
    node_id: str
    validator: bytes

    @property
    def ledger(self) -> Path:
        return self.home / "ledger.sqlite"

    @property
    def genesis(self) -> Path:
        return self.home / "genesis.toml"

    @property
    def is_built_in(self) -> bool:
        """Whether CometBFT answers itself (its kvstore): there is no application to start then."""
        return "://" not in self.place.application


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def loopback_places(count: int, sockets: Path) -> list[Place]:
    """For nodes on one machine; the applications' sockets are files in `sockets`, whose path must be short."""
    ports = free_ports(2 * count)
    return [
        Place(
            f"127.0.0.1:{ports[2 * number]}",
            f"tcp://127.0.0.1:{ports[2 * number + 1]}",
            f"unix://{sockets}/node{number}.sock",
        )
        for number in range(count)
    ]


def make_homes(
    out: Path, genesis_text: str, places: Sequence[Place], validators: int | None = None, settings: str = ""
) -> list[Node]:
    """
    A home for each place, the first `validators` of them validators (all, when left out).

    genesis_text: the ledger's genesis.toml. settings: more tables for the end of each config.toml.
    """
    nodes = [_make_keys(out / f"node{number}", number, place) for number, place in enumerate(places)]
    (out / "genesis.toml").write_text(genesis_text, encoding="utf-8")
    shared = json.dumps(_genesis(Genesis.load(out / "genesis.toml"), nodes[:validators]), indent=2)
    for node in nodes:
        node.genesis.write_text(genesis_text, encoding="utf-8")
        (node.home / "config" / "genesis.json").write_text(shared, encoding="utf-8")
        (node.home / "config" / "config.toml").write_text(config(node, nodes) + settings, encoding="utf-8")
    return nodes


def _make_keys(home: Path, number: int, place: Place) -> Node:
    for directory in (home / "config", home / "data"):
        directory.mkdir(parents=True)
    validator, node = SigningKey.generate(), SigningKey.generate()
    public = bytes(validator.verify_key)
    own = {"address": address(public), "pub_key": _public(public), "priv_key": _private(validator)}
    _write_secret(home / "config" / "priv_validator_key.json", own)
    _write_secret(home / "config" / "node_key.json", {"priv_key": _private(node)})
    _write_secret(home / "data" / "priv_validator_state.json", {"height": "0", "round": 0, "step": 0})
    return Node(number, home, place, address(bytes(node.verify_key)).lower(), public)


def address(public_key: bytes) -> str:
    """CometBFT's address of a key, as hex."""
    return sha256(public_key).digest()[:20].hex().upper()


def _public(key: bytes) -> dict[str, str]:
    return {"type": "tendermint/PubKeyEd25519", "value": base64.b64encode(key).decode()}


def _private(key: SigningKey) -> dict[str, str]:
    both = bytes(key) + bytes(key.verify_key)
    return {"type": "tendermint/PrivKeyEd25519", "value": base64.b64encode(both).decode()}


def _write_secret(path: Path, content: dict[str, Any]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _genesis(genesis: Genesis, validators: Sequence[Node]) -> dict[str, Any]:
    return {
        # Header times are CometBFT's own, for its light clients: the ledger never reads them.
        "genesis_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "chain_id": chain_id(genesis),
        "initial_height": "1",
        "consensus_params": {
            "block": {"max_bytes": str(BLOCK_BYTES_MAX), "max_gas": "-1"},
            "evidence": {"max_age_num_blocks": "100000", "max_age_duration": "172800000000000", "max_bytes": "1048576"},
            "validator": {"pub_key_types": ["ed25519"]},
            "version": {"app": "1"},
            "abci": {"vote_extensions_enable_height": "0"},
        },
        "validators": [
            {
                "address": address(node.validator),
                "pub_key": _public(node.validator),
                "power": str(POWER),
                "name": f"node{node.number}",
            }
            for node in validators
        ],
        "app_hash": "",
        "app_state": json.loads(app_state(genesis)),
    }


def read_validators(home: Path) -> dict[bytes, int]:
    """By key, the power CometBFT's genesis gives. Raises LedgerError."""
    path = home / "config" / "genesis.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["validators"]
        return {base64.b64decode(row["pub_key"]["value"]): int(row["power"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{path}: {error}") from error


def config(node: Node, nodes: Sequence[Node]) -> str:
    """config.toml; what it does not name has CometBFT's default."""
    peers = ",".join(f"{other.node_id}@{other.place.peer}" for other in nodes if other is not node)
    return f"""\
# One validator of a lab on one machine (chain/cometbft/home.py).
version = "0.38.0"
moniker = "node{node.number}"
proxy_app = "{node.place.application}"
abci = "socket"
log_level = "error"

[rpc]
laddr = "{node.place.rpc}"
max_request_batch_size = 1000
max_body_bytes = 16777216

[p2p]
laddr = "tcp://{node.place.peer}"
persistent_peers = "{peers}"
persistent_peers_max_dial_period = "1s"
addr_book_strict = false
allow_duplicate_ip = true
pex = false
flush_throttle_timeout = "5ms"
send_rate = 52428800
recv_rate = 52428800
handshake_timeout = "5s"

[mempool]
size = 20000
cache_size = 40000

[consensus]
# No block without a transaction; one empty block after each puts its app hash into a header.
create_empty_blocks = false
timeout_propose = "1s"
timeout_prevote = "500ms"
timeout_precommit = "500ms"
timeout_commit = "200ms"
peer_gossip_sleep_duration = "10ms"
"""
